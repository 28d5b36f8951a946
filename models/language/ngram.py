"""N-gram language models: fitted by counting, looked up by binary search; numpy only.

The n-grams of one order are a sorted array of integers, key = (rank of the first n - 1 words in the array of
the order before) * V + last word. So a key fits 64 bits however many words there are in all V^n.
"""

import dataclasses
import itertools
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from models.fields import Count, Positive
from models.ids import BOS, EOS, PAD
from models.language.language_model import FittedLM
from models.language.smoothing import ModifiedKneserNey, Smoothing

Params = dict[str, dict[str, np.ndarray]]
Table = tuple[np.ndarray, np.ndarray, np.ndarray]
ABSENT = -1
AT_ONCE = 2**18  # ids of a stream: looking one up takes some hundred bytes


class Counts(NamedTuple):
    """The n-grams of one order, their counts, and the rank of each without its first word."""

    keys: np.ndarray
    counts: np.ndarray
    suffixes: np.ndarray
    opening: np.ndarray  # whether it begins with BOS, so that nothing can come before it


def continuations(found: list[Counts]) -> list[Counts]:
    """With the lower orders counted by how many different words come before an n-gram."""
    lower = []
    for shorter, longer in itertools.pairwise(found):
        before = np.bincount(longer.suffixes, minlength=len(shorter.keys))
        lower.append(shorter._replace(counts=np.where(shorter.opening, shorter.counts, before)))
    return [*lower, found[-1]]


def find(keys: Int[np.ndarray, "n"], wanted: Int[np.ndarray, "m"]) -> Int[np.ndarray, "m"]:
    """Where each of `wanted` stands in the sorted `keys`, ABSENT where it does not."""
    if not len(keys):
        return np.full(len(wanted), ABSENT)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, at, ABSENT)


@dataclasses.dataclass(frozen=True)
class NGram(FittedLM):
    """p(w_t | w_1 .. w_t-1) = p(w_t | the last order - 1 of them)  -- Shannon 1948; the smoothing says how.

    A stream is ids of lines that end in EOS. Each line is read by itself, after one BOS, as SRILM and KenLM
    do and as published figures are; with `across_sentences` histories run on over the ends of lines, as in a
    neural model's stream, and the first word comes after an EOS. At a start the history is as short as it is.

    PAD and BOS are never predicted: their probability is 0, and the other W = V - 2 share what is uniform,
    seen or not. UNK is a word like any other.

    Parameters are, by order from "1": `keys` as above, `logs` of the n-grams' probabilities, and `backoffs`,
    logs of what each leaves to the order below when it is the context, but for the highest. Logs are natural.
    """

    vocab_size: Count = 0
    order: Positive = 5
    smoothing: Smoothing = ModifiedKneserNey()
    across_sentences: bool = False

    @property
    def normalised(self) -> bool:
        """Whether there is a perplexity."""
        return self.smoothing.normalised

    def fit(self, ids: Int[np.ndarray, "n"], seed: int = 0) -> Params:
        """The Penn Treebank's 0.93 million tokens take 5 s and 160 MB at order 5."""
        self._check(ids, least=EOS)
        if not len(ids):
            raise ValueError("an n-gram model cannot be fitted to an empty stream: give it text")
        params: Params = {}
        uniform = np.exp(self._uniform(np.arange(self.vocab_size)))
        lower, contexts = uniform, 1
        for order, (keys, counts, suffixes, _) in enumerate(self._counts(ids), 1):
            context, word = np.divmod(keys, self.vocab_size)
            own, left = self.smoothing.shares(counts, context, contexts, self.vocab_size - 2)
            base = lower[suffixes] if self.smoothing.backs_off else uniform[word]
            shares = own + left[context] * base if self.smoothing.normalised else own
            with np.errstate(divide="ignore"):
                params[str(order)] = {"keys": keys, "logs": np.log(shares)}
                if order > 1:
                    params[str(order - 1)]["backoffs"] = np.log(left)
            lower, contexts = shares, len(keys)
        return params

    def log_probabilities(self, params: Params, ids: Int[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """log p of each id given those before it; of scores if they are not `normalised`."""
        self._check(ids)
        found = np.empty(len(ids))
        for first in range(0, len(ids), AT_ONCE):
            seen = min(first, self.order - 1)  # of what stands before: nothing looks back further
            found[first : first + AT_ONCE] = self._of_block(params, ids[first - seen : first + AT_ONCE])[
                seen:
            ]
        return found

    def _of_block(self, params: Params, ids: Int[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        """As if they were a whole stream."""
        stream, reach = self._stream(ids)
        at = np.flatnonzero(reach)
        contexts = [ranks[at - 1] for ranks in self._ranks(params, stream)]
        return self._look_up(params, contexts, reach[at], stream[at])

    def distribution(self, params: Params, history: Int[np.ndarray, "m"]) -> Float[np.ndarray, "V"]:
        """p of each word to come next in a stream that begins with `history`, which may be empty."""
        self._check(history)
        stream, reach = self._stream(history)
        tail = stream[-max(self.order - 1, 1) :]
        contexts = [np.full(self.vocab_size, ranks[-1]) for ranks in self._ranks(params, tail)]
        words = np.arange(self.vocab_size)
        return np.exp(self._look_up(params, contexts, np.full_like(words, reach[-1] + 1), words))

    def tables(self, params: Params) -> list[Table]:
        """What an ARPA file holds, order by order: ids [n, order], log p [n], log backoffs [n]."""
        if not self.smoothing.backs_off or self.smoothing.unseen != 1:
            raise ValueError(f"{self.smoothing} has no ARPA form: only Kneser-Ney models are exchanged")
        found, ids = [], np.empty((1, 0), np.int32)
        for order in range(1, self.order + 1):
            table = params[str(order)]
            context, word = np.divmod(table["keys"], self.vocab_size)
            ids = np.column_stack([ids[context], word.astype(np.int32)])
            found.append((ids, table["logs"], table.get("backoffs", np.zeros(len(ids)))))
        return found

    def from_tables(self, tables: list[Table]) -> Params:
        """The parameters whose `tables` these are, in whatever order the n-grams come."""
        if len(tables) != self.order:
            raise ValueError(f"NGram.order={self.order}, but there are n-grams up to order {len(tables)}")
        size = self.vocab_size
        dense = {"keys": np.arange(size), "logs": np.full(size, -np.inf), "backoffs": np.zeros(size)}
        (words,), logs, backoffs = tables[0][0].T, *tables[0][1:]
        self._check(words)
        dense["logs"][words], dense["backoffs"][words] = logs, backoffs
        dense["logs"][[PAD, BOS]] = -np.inf  # KenLM writes log 1 for <s>
        params: Params = {"1": dense}
        for order, (ids, logs, backoffs) in enumerate(tables[1:], 2):
            context = ids[:, 0].astype(np.int64)
            for shorter in range(2, order):
                context = find(params[str(shorter)]["keys"], context * size + ids[:, shorter - 1])
            if len(orphans := ids[context < 0]):
                raise ValueError(f"the {order}-gram {orphans[0].tolist()} stands without its first words")
            keys = context * size + ids[:, -1]
            by_key = np.argsort(keys)
            keys = keys[by_key]
            if (keys[1:] == keys[:-1]).any():
                raise ValueError(f"there are {order}-grams that stand twice: each has one probability")
            params[str(order)] = {"keys": keys, "logs": logs[by_key]}
            if order < self.order:
                params[str(order)]["backoffs"] = backoffs[by_key]
        return params

    def _check(self, ids: Int[np.ndarray, "n"], least: int = 0) -> None:
        wrong = np.flatnonzero((ids < least) | (ids >= self.vocab_size))
        if len(wrong):
            at = wrong[0]
            raise ValueError(
                f"id {ids[at]} at place {at} of the stream: with vocab_size={self.vocab_size} "
                f"ids are {least} to {self.vocab_size - 1}"
            )

    def _uniform(self, words: Int[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        return np.where(words > BOS, -np.log(self.vocab_size - 2), -np.inf)

    def _stream(self, ids: Int[np.ndarray, "n"]) -> tuple[Int[np.ndarray, "m"], Int[np.ndarray, "m"]]:
        """The ids, each line behind its special token, and how many ids each can look back on."""
        starts = np.append(0, [] if self.across_sentences else np.flatnonzero(ids == EOS) + 1).astype(int)
        stream = np.insert(ids.astype(np.int64), starts, EOS if self.across_sentences else BOS)
        place = np.arange(len(stream))
        special = np.zeros_like(place)
        special[starts + np.arange(len(starts))] = starts + np.arange(len(starts))
        return stream, place - np.maximum.accumulate(special)

    def _counts(self, ids: Int[np.ndarray, "n"]) -> list[Counts]:
        """Order by order, counted as the smoothing wants it."""
        stream, reach = self._stream(ids)
        size, ranks = self.vocab_size, stream
        words, counts = np.arange(size), np.bincount(stream[reach > 0], minlength=size)
        found = [Counts(words, counts, words, np.zeros(size, bool))]
        for order in range(2, self.order + 1):
            at = np.flatnonzero(reach >= order - 1)
            keys, first, inverse, counts = np.unique(
                ranks[at - 1] * size + stream[at], return_index=True, return_inverse=True, return_counts=True
            )
            opening = (reach[at[first]] == order - 1) & (not self.across_sentences)
            found.append(Counts(keys, counts, ranks[at[first]], opening))
            ranks = np.full(len(stream), ABSENT)
            ranks[at] = inverse
        return continuations(found) if self.smoothing.continuation else found

    def _ranks(self, params: Params, stream: Int[np.ndarray, "n"]) -> list[Int[np.ndarray, "n"]]:
        """The rank of the n-gram that ends at each place, for every order but the highest."""
        found = [stream]
        for order in range(2, self.order):
            before = np.append(ABSENT, found[-1][:-1])
            found.append(find(params[str(order)]["keys"], before * self.vocab_size + stream))
        return found[: self.order - 1]

    def _look_up(
        self,
        params: Params,
        contexts: list[Int[np.ndarray, "n"]],
        reach: Int[np.ndarray, "n"],
        words: Int[np.ndarray, "n"],
    ) -> Float[np.ndarray, "n"]:
        """Log p of words after contexts: the ranks of the last 1, 2, .. ids, of which there are `reach`."""
        logs, uniform = params["1"]["logs"][words], self._uniform(words)
        for order, context in enumerate(contexts, 2):
            table, backoffs = params[str(order)], params[str(order - 1)]["backoffs"]
            rank = find(table["keys"], context * self.vocab_size + words)
            left = np.full(len(words), np.log(self.smoothing.unseen))
            left[context >= 0] = backoffs[context[context >= 0]]
            longer = left + (logs if self.smoothing.backs_off else uniform)
            longer[rank >= 0] = table["logs"][rank[rank >= 0]]
            logs = np.where(reach >= order - 1, longer, logs)
        return logs
