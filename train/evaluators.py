"""From a trained run to numbers that know their protocol.

An evaluator takes a Trained run and yields results: metric, split, value, and all that someone needs to know
before comparing it with another.
"""

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import jax
import numpy as np

from data.language import LanguageModelling
from data.parallel import Corpus, Generated
from data.recall import Recall
from data.tokenizer import Tokenizer
from data.translation import Translation
from models.decoding import PerToken, Search
from train.horizon import gradient_norms
from train.metrics import alignment, bleu
from train.objectives import NextToken
from train.scoring import Scorer, measures
from train.translator import Translator

if TYPE_CHECKING:
    from train.config import Run  # which lists the evaluators


@dataclasses.dataclass(frozen=True)
class Trained:
    """A run after training. `weights` says in a protocol's words which of its checkpoints `params` are."""

    run: "Run"
    model: object
    params: dict
    tokenizer: Tokenizer
    weights: str
    directory: Path
    data_dir: str | None = None

    @property
    def task(self) -> "Translation | LanguageModelling":
        return self.run.task

    @functools.cached_property
    def translator(self) -> Translator:
        return Translator(self.model, self.params, self.tokenizer, self.run.search)


@dataclasses.dataclass(frozen=True)
class Result:
    metric: str
    split: str
    value: float
    protocol: dict[str, str]


def spell(search: Search) -> str:
    """The search in a protocol's words: "beam 5, score / length^1.0"."""
    if search.beam == 1:
        return "greedy"
    rule = "score / length" if isinstance(search.penalty, PerToken) else "score / ((5 + length) / 6)"
    return f"beam {search.beam}, {rule}^{search.penalty.alpha}"


@dataclasses.dataclass(frozen=True)
class Bleu:
    """Corpus BLEU, and chrF, of detokenised text by sacreBLEU; tokenize="none" for text tokenised before.

    Of the task's own corpus, or of another one, whose results go by `name`:
    Bleu(corpus=Newstest(year=2014), name="newstest2014").
    """

    split: str = "test"
    tokenize: str = "13a"
    corpus: Corpus | None = None
    name: str | None = None

    def __call__(self, trained: Trained) -> Iterator[Result]:
        task, name = trained.task, self.name or self.split
        task = task if self.corpus is None else dataclasses.replace(task, corpus=self.corpus)
        sources, references = zip(*task.pairs(self.split, trained.data_dir), strict=True)
        hypotheses = [found[0].text for found in trained.translator(sources)]
        keep(trained.directory, name, source=sources, reference=references, hypothesis=hypotheses)
        for metric, (value, signature) in bleu.corpus_scores(hypotheses, references, self.tokenize).items():
            protocol = {
                "signature": signature,
                "corpus": task.protocol(self.split),
                "decoding": spell(trained.translator.search),
                "weights": trained.weights,
            }
            yield Result(metric, name, value, protocol)


@dataclasses.dataclass(frozen=True)
class Perplexity:
    """exp of the mean loss in nats a token, that loss, and the same as bits a character and a byte.

    Bits compare models of unlike vocabulary as far as these know the text, perplexity only those of one. An
    unknown word costs one token whatever its letters, so that bits tell what share was `unknown`, if any.
    Each token counts once. A model whose context is limited reads windows, `stride` tokens further each
    time: the smaller, the more it sees and the longer it takes (None: windows side by side).
    """

    split: str = "test"
    stride: int | None = None

    def __call__(self, trained: Trained) -> Iterator[Result]:
        run, task, tokenizer = trained.run, trained.task, trained.tokenizer
        require_next_token(run)
        scorer = Scorer(run, trained.model, trained.params, tokenizer.eos, self.stride)
        ids = np.asarray(task.encoded(self.split, tokenizer, trained.data_dir))
        losses, unknown = scorer(ids), 0.0 if tokenizer.unk is None else np.mean(ids == tokenizer.unk)
        sizes = task.sizes(self.split, trained.data_dir)
        for metric, value in measures(losses, sizes.characters, sizes.bytes).items():
            bits = metric not in ("perplexity", "loss")
            protocol = {
                "signature": "" if bits else f"{len(losses):,} tokens",
                "unknown": f"{unknown:.1%} of the tokens" if bits and unknown else "",
                "corpus": task.protocol(self.split),
                "vocabulary": f"{len(tokenizer):,} ids",
                "context": scorer.context,
                "weights": trained.weights,
            }
            yield Result(metric, self.split, value, {key: said for key, said in protocol.items() if said})


@dataclasses.dataclass(frozen=True)
class RecallAccuracy:
    """How often the likeliest next word is the answer, in per cent, a result for each distance to its cue."""

    split: str = "test"

    def __call__(self, trained: Trained) -> Iterator[Result]:
        task, tokenizer = trained.task, trained.tokenizer
        if not isinstance(task.corpus, Recall):
            raise ValueError(
                f"RecallAccuracy: {task.protocol(self.split)} has no answers marked; Recall() has"
            )
        scorer = Scorer(trained.run, trained.model, trained.params, tokenizer.eos)
        probes = task.corpus.probes(self.split)
        for distance in task.corpus.distances:
            lines = [" ".join(probe.words) for probe in probes if probe.distance == distance]
            ids = np.array(tokenizer.encode(lines))[:, :-1]  # without EOS
            right = scorer.following(ids[:, :-1]).argmax(axis=1) == ids[:, -1]
            protocol = {
                "signature": f"likeliest of {len(tokenizer)}, {len(lines)} lines",
                "corpus": task.protocol(self.split),
                "context": "the line from its beginning",
                "weights": trained.weights,
            }
            yield Result("accuracy", f"distance {distance}", 100 * float(right.mean()), protocol)


@dataclasses.dataclass(frozen=True)
class GradientReach:
    """How much of a loss's gradient reaches the state so many steps back, in per cent of one step back.

    |dL_T / dh_(T - d)|, the mean over `rows` places of the split, of a model that reads on from a state.
    """

    split: str = "test"
    distances: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    rows: int = 64

    def __call__(self, trained: Trained) -> Iterator[Result]:
        if not hasattr(trained.model, "cell"):
            kind = type(trained.model).__name__
            raise ValueError(f"GradientReach: {kind} passes no state from step to step")
        ids = trained.task.encoded(self.split, trained.tokenizer, trained.data_dir)
        length = max(self.distances) + 2
        if len(ids) < self.rows * length:
            raise ValueError(
                f"GradientReach: {len(ids):,} tokens do not hold rows={self.rows} of {length}; lower rows"
            )
        starts = np.linspace(0, len(ids) - length, self.rows).astype(int)
        rows = np.asarray(ids[starts[:, None] + np.arange(length)], np.int32)
        norms = jax.jit(lambda params, rows: gradient_norms(trained.model, params, rows, self.distances))
        means = np.asarray(norms(trained.params, rows)).mean(axis=1)
        for distance, mean in zip(self.distances, means, strict=True):
            protocol = {
                "signature": f"{self.rows} places",
                "corpus": trained.task.protocol(self.split),
                "weights": trained.weights,
            }
            value = 100 * float(mean / means[0])
            yield Result("gradient", f"distance {distance}", value, protocol)


def require_next_token(run: "Run") -> None:
    """ValueError for a run whose probabilities are not those of a next token."""
    if not getattr(run.model, "normalised", True):
        raise ValueError(f"Perplexity: what {run.model.smoothing} gives to words does not sum to 1")
    if not isinstance(run.objective, NextToken):
        raise ValueError(
            f"Perplexity: a model trained for {type(run.objective).__name__} gives no probability to a text "
            "from left to right; set objective=NextToken()"
        )


def keep(directory: Path, name: str, **sides: Sequence[str]) -> None:
    """The texts as scored, one sentence a line: what the bootstrap and the length curves read."""
    folder = directory / "outputs"
    folder.mkdir(exist_ok=True)
    for side, lines in sides.items():
        (folder / f"{name}.{side}").write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclasses.dataclass(frozen=True)
class AlignmentError:
    """Alignment error rate of the attention weights against the generated world's gold alignment.

    Weights come from a teacher-forced pass over the first `sentences` references, pieces merged to words.
    """

    split: str = "test"
    sentences: int = 200

    def __call__(self, trained: Trained) -> Iterator[Result]:
        task, translator = trained.task, trained.translator
        if not isinstance(task.corpus, Generated):
            raise ValueError(
                f"AlignmentError: {task.protocol(self.split)} has no gold alignment; the generated world has"
            )
        gold, predicted = [], []
        for _, sentence in zip(range(self.sentences), task.corpus.world.sentences(self.split), strict=False):
            source, target = sentence.text(task.source), sentence.text(task.target)
            (ids,) = translator.tokenizer.encode([target])
            weights, _, _ = translator.attention(source, ids)
            owners = (
                alignment.words_of(translator.tokenizer.spans(text), text, sentence.tokens[language])
                for text, language in ((source, task.source), (target, task.target))
            )
            words = alignment.merge_pieces(weights, *owners)
            predicted.append(alignment.from_weights(words))
            gold.append(sentence.alignment(task.source, task.target))
        value = 100 * alignment.alignment_error_rate(predicted, gold)
        protocol = {
            "signature": "argmax a target word, heads averaged",
            "corpus": task.protocol(self.split),
            "decoding": "teacher forcing on the reference",
            "weights": trained.weights,
        }
        yield Result("AER", self.split, value, protocol)
