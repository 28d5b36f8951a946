"""Raw text in, raw text out: a trained model with its tokenizer and its search."""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence

import flax.linen as nn
import jax
import numpy as np

from data.batches.batch import pad, width_of
from data.ids import BOS, PAD
from data.tokenizers.tokenizer import Tokenizer
from models.decoding.search import Hypotheses, Search, source_attention
from models.translation.aligner import Aligner, FittedTranslator
from train.inference.groups import WIDTHS, full_rows, grouped
from train.parallel import Jit, by_rows
from train.run import Trained


@dataclasses.dataclass(frozen=True)
class Hypothesis:
    """One hypothesis: its text, penalised score, log-probability, and ids, EOS included."""

    text: str
    score: float
    log_probability: float
    ids: tuple[int, ...]


@functools.lru_cache(maxsize=4)
def searching(model: nn.Module, search: Search, pieces: tuple[str, ...] = ()) -> Callable:
    """hypotheses(params, source): compiled once a process, whoever translates by this model."""
    return by_rows(lambda params, source: search(model, params, source, pieces), jax.local_devices())


@functools.lru_cache(maxsize=4)
def looking(model: nn.Module) -> Callable:
    """weights(params, source, inputs), likewise."""
    return jax.jit(lambda params, source, inputs: source_attention(model, params, source, inputs))


class Searcher:
    """What searches and looks by a model, compiled once for each of a few shapes of what it reads."""

    def __init__(self, model: nn.Module, params, tokenizer: Tokenizer, search: Search):
        self.model, self.tokenizer, self.search = model, tokenizer, search
        # Of this process alone: with several, each translates for itself.
        self.devices = jax.local_devices()
        self.params = jax.device_put(params, Jit().state_sharding(params, self.devices))
        pieces = tokenizer.pieces(range(len(tokenizer))) if search.constraint else ()
        self.find, self.look = searching(model, search, tuple(pieces)), looking(model)

    def searched(self, block: np.ndarray) -> Hypotheses:
        """The hypotheses of a block of sources; rows never influence each other."""
        placed = Jit().put_rows(block, 0, self.devices)
        return jax.device_get(self.find(self.params, placed))

    def finished(self, hypotheses: Hypotheses, row: int) -> list[Hypothesis]:
        """The finished hypotheses of one row."""
        kept = []
        for tokens, score, log_probability in zip(
            hypotheses.tokens[row], hypotheses.scores[row], hypotheses.log_probabilities[row], strict=True
        ):
            ids = tuple(int(i) for i in tokens if i != PAD)
            kept.append(Hypothesis(self.tokenizer.decode(ids), float(score), float(log_probability), ids))
        return kept


class Translator(Searcher):
    """From lines to lines. Rows are padded to one of a few widths, and to full groups."""

    @classmethod
    def of(cls, trained: Trained, search: Search = Search()) -> "Translator | WithoutNetwork":
        """That of a trained run of Translation; of one fitted without a network it searches nothing."""
        if isinstance(trained.model, Aligner | FittedTranslator):
            return WithoutNetwork(trained.model, trained.params, trained.tokenizer)
        return cls(trained.model, trained.params, trained.tokenizer, search)

    def __call__(self, lines: Sequence[str]) -> Iterator[list[Hypothesis]]:
        """The `search.beam` best translations of each line, best first, in the order of the lines."""
        ids = self.tokenizer.encode(lines)
        found: dict[int, list[Hypothesis]] = {}
        for members, width in grouped(ids):
            rows = full_rows(len(members), width)  # those beyond the last are empty
            hypotheses = self.searched(pad([ids[i] for i in members], rows, width))
            found |= {i: self.finished(hypotheses, row) for row, i in enumerate(members)}
        return (found[i] for i in range(len(ids)))

    def attention(self, line: str, ids: Sequence[int]) -> tuple[np.ndarray, list[str], list[str]]:
        """Weights [T, S] of each token of a translation over the pieces of its source; both sides' pieces.

        The mean over heads, of the last layer but one where there are several: the layer whose weights agree
        best with word alignments (Garg et al. 2019, §4.2).
        """
        weights, source, target = self.weights(line, ids)
        return weights[max(len(weights) - 2, 0)].mean(axis=0), source, target

    def weights(self, line: str, ids: Sequence[int]) -> tuple[np.ndarray, list[str], list[str]]:
        """Weights [L, N, T, S] of every layer and head, and the pieces of the source and of the target."""
        (source,) = self.tokenizer.encode([line])
        width = width_of(max(len(source), len(ids)), WIDTHS)
        weights = self.look(self.params, pad([source], 1, width), pad([[BOS, *ids[:-1]]], 1, width))
        weights = np.asarray(weights[0])[..., : len(ids), : len(source)]
        return weights, self.tokenizer.pieces(source), self.tokenizer.pieces(ids)


class WithoutNetwork:
    """What a `Translator` answers, of a model that is fitted and translates or aligns by itself.

    Its translation is the likeliest there is, as no beam of any width would find a likelier one.
    """

    def __init__(self, model: Aligner | FittedTranslator, params, tokenizer: Tokenizer):
        self.model, self.params, self.tokenizer = model, params, tokenizer

    def __call__(self, lines: Sequence[str]) -> Iterator[list[Hypothesis]]:
        """The translation of each line."""
        for source in self.tokenizer.encode(lines):
            ids, log_probability = self.model.translated(self.params, source)
            text, score = self.tokenizer.decode(ids), log_probability / len(ids)
            yield [Hypothesis(text, score, log_probability, tuple(ids))]

    def attention(self, line: str, ids: Sequence[int]) -> tuple[np.ndarray, list[str], list[str]]:
        """Weights [T, S] of each token of a translation over the pieces of its source; both sides' pieces."""
        weights, source, target = self.weights(line, ids)
        return weights[0, 0], source, target

    def weights(self, line: str, ids: Sequence[int]) -> tuple[np.ndarray, list[str], list[str]]:
        """The same as of one layer and one head: [1, 1, T, S]."""
        (source,) = self.tokenizer.encode([line])
        weights = self.model.weights(self.params, source, list(ids))[None, None]
        return weights, self.tokenizer.pieces(source), self.tokenizer.pieces(ids)
