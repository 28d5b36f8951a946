"""Whether a pair that WordPiece merges makes a text likelier than any that BPE would merge in its place."""

import dataclasses
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from data.fields import Positive
from data.tasks.language import LanguageModelling
from data.tokenizers.wordpiece import Pieces, WordPiece, frequencies, merges
from train.run import Evaluator, Result, Trained


class Merge(NamedTuple):
    """What a merged pair and the most frequent one add to log p(text), in nats; whether these are one."""

    gain: float
    rival: float
    same: bool


@dataclasses.dataclass(frozen=True)
class MergeGains(Evaluator):
    """What each merge of a run's WordPiece adds to the likelihood of its text, beside BPE's merge there.

    Pieces are independent: log p(text) = sum_p f(p) log(f(p) / N), f how often a piece is in the text and N
    the sum of f (Schuster & Nakajima 2012, §2). The same pieces are given to both: WordPiece merges the pair
    of the largest f(ab) / (f(a) f(b)), BPE the most frequent one (Sennrich et al. 2016). What either adds is
    counted exactly: the pair is merged, and both sums are taken. Nothing is trained, nothing drawn.

    greater   merges that add more than BPE's would, in per cent; `same` those in which the two are one pair
    gain      nats of the mean merge, and of BPE's (`gain, most frequent`)
    """

    needs = {"task": LanguageModelling, "task.tokenizer": WordPiece}
    why = "compares what WordPiece merges"
    split: str = "train"
    most: Positive = 10_000

    def __call__(self, trained: Trained) -> Iterator[Result]:
        task: LanguageModelling = trained.task
        found = list(gains(task.tokenizer, task.unmarked(self.split, trained.data_dir), self.most))
        if not found:
            return
        protocol = trained.protocol(
            task.corpus.protocol(self.split),
            signature="counted at each merge",
            pieces=f"{task.tokenizer}, {len(found):,} merges",
        )
        greater = np.mean([one.gain > one.rival for one in found])
        yield Result("greater", self.split, 100 * float(greater), protocol)
        yield Result("same", self.split, 100 * float(np.mean([one.same for one in found])), protocol)
        yield Result("gain", self.split, float(np.mean([one.gain for one in found])), protocol)
        yield Result(
            "gain, most frequent", self.split, float(np.mean([one.rival for one in found])), protocol
        )


def gains(level: WordPiece, texts: list[str], most: int) -> Iterator[Merge]:
    """The merges by which a tokenizer is trained on texts, in their order, at most so many."""
    words, room = frequencies(level, texts)
    pieces = Pieces(words)
    for number, pair in enumerate(merges(pieces, room, level.least)):
        if number >= most:
            return
        often = int(pieces.together[: len(pieces.slots)].argmax())
        frequent = tuple(map(int, pieces.pairs[often]))
        gain = added(pieces, pair)
        rival = gain if frequent == pair else added(pieces, frequent)
        yield Merge(gain, rival, frequent == pair)


def added(pieces: Pieces, pair: tuple[int, int]) -> float:
    """What merging a pair adds to sum_p f(p) log(f(p) / N) = sum_p f(p) log f(p) - N log N."""
    left, right = pair
    times = sum(pieces.times[index] * met(pieces.words[index], pair) for index in pieces.where[pair])
    log = lambda count: count * math.log(count) if count > 0 else 0.0
    name = pieces.joined_name(pair)
    whole = pieces.frequency[pieces.ids[name]] if name in pieces.ids else 0.0
    total = float(pieces.frequency.sum())
    before, after = {left: 0.0, right: 0.0}, {left: 0.0, right: 0.0}
    for piece in before:
        before[piece] = float(pieces.frequency[piece])
        after[piece] = before[piece] - times * pair.count(piece)
    change = sum(map(log, after.values())) - sum(map(log, before.values()))
    change += log(whole + times) - log(whole)
    return change - (log(total - times) - log(total))


def met(word: list[int], pair: tuple[int, int]) -> int:
    """How often a pair is merged in a word, from the left: "aaa" has (a, a) once."""
    found, at = 0, 0
    while at < len(word) - 1:
        same = tuple(word[at : at + 2]) == pair
        found, at = found + same, at + 1 + same
    return found
