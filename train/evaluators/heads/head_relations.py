"""Which grammatical relation each head of attention finds, if any  -- Clark et al. 2019, §4.2."""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, PyTree

from data.fields import Positive
from data.items.parsed import ROOT, Parsed
from data.splits import SPLITS, known
from data.tokenizers.tokenizer import Tokenizer
from train.evaluators.heads.of_heads import OfHeads
from train.inference.embedder import Embedder
from train.metrics.alignment import merge_pieces, words_of
from train.metrics.counts import Share, of_values
from train.run import Result, Run, Trained

UNJUDGED = ("", "root", "punct")
WAYS = ("to its head", "to its dependent")


class Looks(NamedTuple):
    """Of the arcs of one relation: what each head looks at from one end, and what stands at the other.

    `here` and `there` are the words' places, `seen` the word that each head looks at most from `here`.
    """

    here: Int[np.ndarray, "A"]
    there: Int[np.ndarray, "A"]
    seen: Int[np.ndarray, "A L N"]

    @property
    def hits(self) -> Bool[np.ndarray, "A L N"]:
        """Whether a head looks at the other end."""
        return self.seen == self.there[:, None, None]

    def at_offset(self, offset: int) -> Bool[np.ndarray, "A"]:
        """Whether the other end stands so many words on."""
        return self.there - self.here == offset


@dataclasses.dataclass(frozen=True)
class HeadRelations(OfHeads):
    """How often the head that finds a relation best looks at the right word, and what a fixed offset finds.

    A head looks at the word it gives most attention, of all other words of the sentence; attention to a word
    is the sum over its pieces, from a word the mean. Of each relation the head, and the way, from the
    dependent or to it, are chosen by `chosen` and scored on `split`; so is the offset, up to `furthest` words
    either way. "untrained" is the best head, chosen and scored likewise, of the same network with random
    weights. Relations with fewer arcs than `fewest` in either split are left out.

    "heads told apart" is a share of heads, in per cent. What a head has over the best offset on `split`, in
    the relation and the way where that is most, is positive there, and more than 95 % of the untrained heads
    have.
    """

    chosen: str = "valid"
    furthest: Positive = 5
    fewest: Positive = 30
    untrained: Positive = 5  # networks, whose heads together say what chance finds

    def require(self, run: Run) -> None:
        """And ValueError where heads are chosen by the test."""
        super().require(run)
        known("HeadRelations.chosen", self.chosen, SPLITS)
        if self.chosen == self.split:
            raise ValueError(f"evaluators: HeadRelations.chosen and .split are both {self.split!r}: set one")

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> list[Parsed]:
        """The sentences of both splits; ValueError of one that the model has no room for, or too few."""
        splits = [self.items(split, data_dir) for split in (self.chosen, self.split)]
        self.relations(splits)
        return self.with_room([item for items in splits for item in items], run, tokenizer)

    def relations(self, splits: Sequence[Sequence[Parsed]]) -> list[str]:
        """The relations that have arcs enough in every split; ValueError where none has."""
        counts = [Counter(arc.relation for item in items for arc in judged_arcs(item)) for items in splits]
        found = sorted(name for name in counts[0] if min(of[name] for of in counts) >= self.fewest)
        if not found:
            raise ValueError(
                f"evaluators: HeadRelations: no relation has {self.fewest} arcs in each split: raise "
                "sentences, or lower fewest"
            )
        return found

    def __call__(self, trained: Trained) -> Iterator[Result]:
        embedder = Embedder(trained)
        splits = [self.items(split, trained.data_dir) for split in (self.chosen, self.split)]
        dev, test = (looks(embedder, items) for items in splits)
        networks = [embedder.drawn(trained.run.seed + number) for number in range(self.untrained)]
        dev_drawn = looks(embedder, splits[0], networks[0])
        all_drawn = [looks(embedder, splits[1], params) for params in networks]
        relations = self.relations(splits)
        signature = f"first {self.sentences:,} sentences, chosen by {self.chosen}"
        protocol = trained.protocol(self.corpus.protocol(self.split), signature=signature)
        gains, gains_drawn = [], []
        for name in relations:
            way, head = best_head(dev, name)
            hits = test[name, way].hits[:, *head]
            which = {"head": "{}-{}".format(*(place + 1 for place in head)), "way": way}
            yield Result.of("relation", name, of_values(Share, hits), protocol | which)
            by, offset, _ = best_offset(dev, name, self.furthest)
            fixed = test[name, by].at_offset(offset)
            yield Result.of("offset", name, of_values(Share, fixed), protocol | {"way": f"{by}, {offset:+d}"})
            way, head = best_head(dev_drawn, name)
            control = all_drawn[0][name, way].hits[:, *head]
            yield Result.of("untrained", name, of_values(Share, control), protocol | {"way": way})
            offset_at_best = best_offset(test, name, self.furthest)[2]
            gains.append(found_either_way(test, name) - offset_at_best)
            gains_drawn.append([found_either_way(of, name) - offset_at_best for of in all_drawn])
        bound = max(np.percentile(np.max(gains_drawn, axis=0), 95), 0.0)
        apart = np.max(gains, axis=0) > bound
        said = {
            "signature": f"first {self.sentences:,} sentences, {len(relations)} relations",
            "heads": str(apart.size),
            "gain": f"{100 * bound:.1f}",
        }
        yield Result.of("heads told apart", self.split, of_values(Share, apart.ravel()), protocol | said)


class JudgedArc(NamedTuple):
    """The place of a word, that of its head, and the relation between them."""

    place: int
    head: int
    relation: str


def judged_arcs(item: Parsed) -> Iterator[JudgedArc]:
    """The arcs of a sentence whose relation a head may find."""
    for place, (head, relation) in enumerate(zip(item.heads, item.relations, strict=True)):
        if head != ROOT and relation not in UNJUDGED:
            yield JudgedArc(place, head, relation)


def looks(
    embedder: Embedder, items: Sequence[Parsed], params: PyTree | None = None
) -> Mapping[tuple[str, str], Looks]:
    """{(relation, way): where heads look} over all arcs of the sentences."""
    found: dict[tuple[str, str], list[tuple[int, int, np.ndarray]]] = defaultdict(list)
    lines = [" ".join(item.words) for item in items]
    for item, line, attended in zip(items, lines, embedder.attentions(lines, params), strict=True):
        seen = most_looked_at(attended.weights, words_of(attended.spans, line, item.words), len(item.words))
        for place, head, relation in judged_arcs(item):
            found[relation, WAYS[0]].append((place, head, seen[..., place]))
            found[relation, WAYS[1]].append((head, place, seen[..., head]))
    return {
        key: Looks(*(np.array(column) for column in zip(*arcs, strict=True))) for key, arcs in found.items()
    }


def most_looked_at(
    weights: Float[np.ndarray, "L N T T"], words: Sequence[int], count: int
) -> Int[np.ndarray, "L N W"]:
    """The other word that each head looks at most from each word; -1 where it looks at none."""
    between = merge_pieces(weights, words, words)
    between[..., np.arange(count), np.arange(count)] = 0.0
    return np.where(between.max(axis=-1) > 0, between.argmax(axis=-1), -1)


def found_either_way(of: Mapping[tuple[str, str], Looks], name: str) -> Float[np.ndarray, "L N"]:
    """How often each head finds a relation, the way it finds it better."""
    return np.max([of[name, way].hits.mean(axis=0) for way in WAYS], axis=0)


def best_head(of: Mapping[tuple[str, str], Looks], name: str) -> tuple[str, tuple[int, int]]:
    """The way and the (layer, head) that are right most often."""
    shares = {way: of[name, way].hits.mean(axis=0) for way in WAYS}
    way = max(WAYS, key=lambda way: shares[way].max())
    return way, np.unravel_index(shares[way].argmax(), shares[way].shape)


def best_offset(of: Mapping[tuple[str, str], Looks], name: str, furthest: int) -> tuple[str, int, float]:
    """The way and the offset, not 0, that are right most often, and how often."""
    offsets = [offset for offset in range(-furthest, furthest + 1) if offset]
    right = {
        (way, offset): float(of[name, way].at_offset(offset).mean()) for way in WAYS for offset in offsets
    }
    way, offset = max(right, key=right.__getitem__)
    return way, offset, right[way, offset]
