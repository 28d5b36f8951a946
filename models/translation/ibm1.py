"""IBM model 1: which word translates which, by expectation maximisation; numpy only."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from models.fields import Count, Positive
from models.ids import EOS, PAD
from models.model import Batch
from models.translation.aligner import Params, WordTranslator

NULL = PAD  # the empty word that every source begins with: no word has this id


@dataclasses.dataclass(frozen=True)
class IBM1(WordTranslator):
    """p(y | x) = prod_t 1/(S + 1) sum_s t(y_t | x_s), x_0 the empty word  -- Brown et al. 1993, §4.1.

    expectation   a_ts = t(y_t | x_s) / sum_s' t(y_t | x_s')
    maximisation  t(f | e) = sum of a_ts where x_s = e and y_t = f / sum of a_ts where x_s = e

    from equal t on, `iterations` times. A target word belongs to the source word of the largest a_ts, to
    none where that is the empty word. A word is translated by the f of the largest t(f | e), in its own
    place: word by word. Sentences' ends are no words here.
    """

    vocab_size: Count = 0
    iterations: Positive = 10

    def fit(self, data: Batch, seed: int = 0) -> Params:
        """{"source", "target", "p"}: t of each pair of words that met [K], by source, then target."""
        tokens, e, f = met(data["source"], data["targets"])
        keys, at = np.unique(e.astype(np.int64) * self.vocab_size + f, return_inverse=True)
        source, target = np.divmod(keys, self.vocab_size)
        p = np.ones(len(keys))
        for _ in range(self.iterations):
            share = p[at] / np.bincount(tokens, p[at])[tokens]
            counts = np.bincount(at, share, len(keys))
            p = counts / np.bincount(source, counts)[source]
        return {"source": source.astype(np.int32), "target": target.astype(np.int32), "p": p}

    def probabilities(
        self, params: Params, source: Int[np.ndarray, "S"], target: Int[np.ndarray, "T"]
    ) -> Float[np.ndarray, "T S"]:
        """t(y_t | x_s), 0 where the two never met."""
        key = lambda e, f: np.asarray(e, np.int64) * self.vocab_size + f
        keys, asked = key(params["source"], params["target"]), key(source[None], target[:, None])
        at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
        return np.where(keys[at] == asked, params["p"][at], 0.0)

    def weights(
        self, params: Params, source: Sequence[int], target: Sequence[int]
    ) -> Float[np.ndarray, "T S"]:
        """a_ts without the empty word's share; 0 in a row whose word most likely belongs to that."""
        words, others = np.array([NULL, *source]), np.asarray(target)
        p = self.probabilities(params, words, others) * (words != EOS) * (others != EOS)[:, None]
        shares = p / np.maximum(p.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        return np.where((shares[:, 1:].max(axis=1) > shares[:, 0])[:, None], shares[:, 1:], 0.0)

    def translated(self, params: Params, source: Sequence[int]) -> tuple[list[int], float]:
        """The likeliest word for each; one that was never met leaves nothing."""
        found, log = [], 0.0
        for word in source:
            first, beyond = np.searchsorted(params["source"], [word, word + 1])
            if word != EOS and first < beyond:
                best = first + int(params["p"][first:beyond].argmax())
                found.append(int(params["target"][best]))
                log += float(np.log(params["p"][best]))
        return [*found, EOS], log


def met(
    sources: Int[np.ndarray, "n S"], targets: Int[np.ndarray, "n T"]
) -> tuple[Int[np.ndarray, "m"], Int[np.ndarray, "m"], Int[np.ndarray, "m"]]:
    """(number of the target token, source word, target word) of each two that meet in a pair."""
    empty = np.full((len(sources), 1), NULL, sources.dtype)
    words = np.concatenate([empty, sources], axis=1)
    real = (words != PAD) & (words != EOS)
    real[:, 0] = True
    wanted = (targets != PAD) & (targets != EOS)
    rows, places = np.nonzero(wanted)
    numbers, columns = np.nonzero(real[rows])
    return numbers, words[rows[numbers], columns], targets[rows, places][numbers]
