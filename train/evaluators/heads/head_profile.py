"""Where each head of attention looks: how far off, at special tokens, at which parts of speech."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float

from data.items.parsed import Parsed
from data.tokenizers.tokenizer import Tokenizer
from train.evaluators.heads.of_heads import OfHeads
from train.inference.embedder import Attended, Embedder
from train.metrics.alignment import words_of
from train.metrics.attention import perplexities
from train.run import Result, Run, Trained

OFFSETS = {"the piece before": -1, "itself": 0, "the piece after": 1}
FRONT, BEHIND = "the special token in front", "the special token behind"


@dataclasses.dataclass(frozen=True)
class HeadProfile(OfHeads):
    """What each head looks at from the pieces of words, in means over these  -- Clark et al. 2019, §3.

    "look at X" of a head "layer-head" is the share of its weights there, in per cent: on the piece before, on
    the piece itself, on the piece after, on the special token in front or behind, or on pieces of words of a
    part of speech of Universal Dependencies. "pieces looked at" is 2^H, H the entropy of the weights in bits.
    Of these "largest look" and "fewest pieces looked at" tell the head that goes furthest, and "even look" is
    what would lie there of an even look at all that may be seen.
    """

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> list[Parsed]:
        """The sentences of the split; ValueError of one that the model has no room for."""
        return self.with_room(self.items(self.split, data_dir), run, tokenizer)

    def __call__(self, trained: Trained) -> Iterator[Result]:
        items = self.items(self.split, trained.data_dir)
        lines, sums, pieces = [" ".join(item.words) for item in items], defaultdict(float), 0
        even, counts = defaultdict(float), 0.0
        for item, line, attended in zip(items, lines, Embedder(trained).attentions(lines), strict=True):
            weights, targets = seen_from_words(attended, line, item)
            pieces += weights.shape[-2]
            seen = (weights > 0).any(axis=(0, 1))  # what a mask allows: a softmax gives 0 to nothing else
            flat = seen / seen.sum(axis=-1, keepdims=True)
            for name, there in targets.items():
                sums[name] = sums[name] + 100 * (weights * there).sum(axis=(-2, -1))
                even[name] += 100 * (flat * there).sum()
            counts = counts + perplexities(weights).sum(axis=-1)
        signature = f"first {len(items):,} sentences"
        protocol = trained.protocol(self.corpus.protocol(self.split), signature=signature)
        for name, total in sorted(sums.items()):
            yield from of_each(f"look at {name}", total / pieces, protocol)
            at, value = furthest(total / pieces)
            yield Result("largest look", name, value, protocol | {"head": at})
            yield Result("even look", name, float(even[name] / pieces), protocol)
        yield from of_each("pieces looked at", counts / pieces, protocol)
        at, value = furthest(-counts / pieces)
        yield Result("fewest pieces looked at", self.split, -value, protocol | {"head": at})


def seen_from_words(
    attended: Attended, line: str, item: Parsed
) -> tuple[Float[np.ndarray, "L N R T"], dict[str, Bool[np.ndarray, "R T"]]]:
    """The weights from each piece of a word, and {name: where in them that lies}."""
    words = np.array(words_of(attended.spans, line, item.words))
    count, real = len(words), words >= 0
    rows = np.flatnonzero(real)[:, None]
    targets = {name: np.arange(count) == rows + offset for name, offset in OFFSETS.items()}
    for name, place in ((FRONT, 0), (BEHIND, count - 1)):
        if not real[place]:
            targets[name] = np.broadcast_to(np.arange(count) == place, (len(rows), count))
    for tag in set(item.tags):
        there = np.array([word >= 0 and item.tags[word] == tag for word in words])
        targets[tag] = np.broadcast_to(there, (len(rows), count))
    return np.asarray(attended.weights[:, :, real], float), targets


def of_each(metric: str, values: Float[np.ndarray, "L N"], protocol: dict[str, str]) -> Iterator[Result]:
    """A result of each head."""
    for layer, head in np.ndindex(values.shape):
        yield Result(metric, f"{layer + 1}-{head + 1}", float(values[layer, head]), protocol)


def furthest(values: Float[np.ndarray, "L N"]) -> tuple[str, float]:
    """The head with the largest value, and that."""
    layer, head = np.unravel_index(values.argmax(), values.shape)
    return f"{layer + 1}-{head + 1}", float(values[layer, head])
