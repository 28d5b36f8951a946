"""One vector a word, or one for each sense of it? An evaluator of anything that gives vectors to words."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float

from data.corpora.senses import GREEN, Occurrence, WorldSenses
from data.tokenizers.tokenizer import Tokenizer
from train.inference.embedder import EMBEDDED, Embedded, Embedder, reading
from train.metrics.senses import nearest_centroid, pair_cosines, principal
from train.run import Evaluator, Result, Run, Trained


@dataclasses.dataclass(frozen=True)
class SenseSeparation(Evaluator):
    """How alike are the vectors of a word in different sentences, and do they tell which sense is meant?

    cosine, one sense     mean over forms of the mean over pairs of sentences
    cosine, two senses    the same of pairs that mean different things
    sense accuracy        nearest centroid, each sentence left out in turn; the mean over the senses of all
                          forms, in per cent: by chance 50 where a form has two

    A word's vector is the mean of its pieces'. Results of layer l go by "layer l", those of the last layer by
    the split too; "green" is the mean cosine of the lecture's three. outputs/senses.npz has the vectors of
    each form along their two principal directions: what `lookback plot` draws.
    """

    needs = {"model": EMBEDDED}
    why = "compares vectors of words"
    of_task = False
    senses: WorldSenses = WorldSenses()
    split: str = "test"

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> list[Occurrence]:
        """The sentences; ValueError where there are none, or the model has no room for one."""
        if not (found := self.senses.occurrences(self.split)):
            raise ValueError(f"SenseSeparation: {self.senses.protocol(self.split)} has no word of two senses")
        for one in (*found, *GREEN):
            text, _ = one.describe(raw=not run.task.of_words)
            reading(text, run.task, run.model, tokenizer)  # ValueError of one that is too long
        return found

    def __call__(self, trained: Trained) -> Iterator[Result]:
        embedder, found = Embedder(trained), self.look(trained.run, trained.tokenizer, trained.data_dir)
        layers = vectors(embedder, found)
        groups = defaultdict(list)
        for index, one in enumerate(found):
            groups[one.form].append(index)
        senses = np.array([one.sense for one in found])
        protocol = trained.protocol(
            self.senses.protocol(self.split),
            signature=f"{len(found):,} sentences of {len(groups)} forms",
            vocabulary=trained.vocabulary,
        )
        for number, layer in enumerate(layers):
            last = number == len(layers) - 1
            for metric, value in measures(layer, senses, list(groups.values())).items():
                for name in (f"layer {number}", *([self.split] if last else [])):
                    yield Result(metric, name, value, protocol)
        keep(trained, found, layers[-1], groups)
        green = vectors(embedder, GREEN)[-1]
        _, apart = pair_cosines(green, np.arange(len(green)))
        three = trained.protocol("green shirt, green recruits, green policy", signature="3 pairs")
        yield Result("cosine", "green", float(apart.mean()), three)


def vectors(embedder: Embedder, found: Sequence[Occurrence]) -> Float[np.ndarray, "L n D"]:
    """The vector of each word in each layer."""
    raw = not embedder.trained.task.of_words
    texts, spans = zip(*(one.describe(raw) for one in found), strict=True)
    lines = embedder(texts)
    return np.stack([of_word(one, span) for one, span in zip(lines, spans, strict=True)], axis=1)


def of_word(line: Embedded, span: tuple[int, int]) -> Float[np.ndarray, "L D"]:
    """The mean of the pieces that stand for any of these characters."""
    inside = [first < span[1] and last > span[0] for first, last in line.spans]
    if not any(inside):
        raise ValueError(f"SenseSeparation: no piece of {' '.join(line.pieces)!r} stands at {span}")
    return line.layers[:, inside].mean(axis=1)


def measures(
    layer: Float[np.ndarray, "n D"], senses: np.ndarray, groups: list[list[int]]
) -> dict[str, float]:
    """The three metrics of SenseSeparation, of one layer; `groups` are the rows of each form."""
    within, between, recalls = [], [], []
    for members in groups:
        of_form, meant = layer[members], senses[members]
        one, two = pair_cosines(of_form, meant)
        within.append(one.mean())
        between.append(two.mean())
        right = nearest_centroid(of_form, meant)
        recalls += [right[meant == sense].mean() for sense in np.unique(meant)]
    return {
        "cosine, one sense": float(np.mean(within)),
        "cosine, two senses": float(np.mean(between)),
        "sense accuracy": 100 * float(np.mean(recalls)),
    }


def keep(
    trained: Trained, found: Sequence[Occurrence], layer: np.ndarray, groups: dict[str, list[int]]
) -> None:
    """The picture of each form: its points, and the sense of each."""
    folder = trained.directory / "outputs"
    folder.mkdir(exist_ok=True)
    points = {f"{form}.points": principal(layer[members]) for form, members in groups.items()}
    meant = {
        f"{form}.senses": np.array([found[i].sense for i in members]) for form, members in groups.items()
    }
    np.savez_compressed(folder / "senses.npz", **points, **meant)
