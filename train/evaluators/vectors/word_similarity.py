"""Do word vectors know which words are alike, and which relation two of them have?"""

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np

from data.corpora.similarity import (
    Analogy,
    AnalogySet,
    GoogleAnalogies,
    Rated,
    RatedPairs,
    WordPairs,
)
from data.fields import Positive
from data.tokenizers.tokenizer import Tokenizer
from models.vectors.counts import WordVectors
from train.metrics.classification import spearman
from train.metrics.similarity import Rows, completed, cosines
from train.run import Evaluator, Result, Run, Trained


@dataclasses.dataclass(frozen=True)
class Similarity(Evaluator):
    """Spearman's rank correlation, times 100, of words' cosines with their ratings.

    A pair with a word that has no vector is left out; how many are in stands in the signature.
    """

    needs = {"model": WordVectors}
    why = "compares vectors of words"
    pairs: RatedPairs = WordPairs()

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> list[Rated]:
        """The pairs with their ratings."""
        return self.pairs.pairs(data_dir)

    def __call__(self, trained: Trained) -> Iterator[Result]:
        rated = self.look(trained.run, trained.tokenizer, trained.data_dir)
        ids = known_words({word for pair in rated for word in pair[:2]}, trained.tokenizer)
        covered = [pair for pair in rated if pair.first in ids and pair.second in ids]
        if len(covered) < 2:
            return
        places = np.array([(ids[pair.first], ids[pair.second]) for pair in covered])
        value = spearman(np.array([pair.score for pair in covered]), cosines(rows(trained), places))
        protocol = {"signature": f"cosine, {len(covered):,} of {len(rated):,} pairs covered"}
        yield Result("Spearman", self.pairs.name, 100 * value, protocol | fitted_to(trained))


@dataclasses.dataclass(frozen=True)
class Analogies(Evaluator):
    """How often the word that is asked for is the answer of 3CosAdd, in per cent: of all, and group by group.

    Answers are the first `among` words of the vocabulary, the commonest, but the question's own. Questions
    with a word that is none of these are left out; how many are in stands in the signature.
    """

    needs = {"model": WordVectors}
    why = "compares vectors of words"
    questions: AnalogySet = GoogleAnalogies()
    among: Positive = 30_000

    def look(self, run: Run, tokenizer: Tokenizer, data_dir: str | None) -> list[Analogy]:
        """The questions."""
        return self.questions.questions(data_dir)

    def __call__(self, trained: Trained) -> Iterator[Result]:
        questions = self.look(trained.run, trained.tokenizer, trained.data_dir)
        ids = known_words({word for one in questions for word in one[1:]}, trained.tokenizer)
        words = np.arange(trained.tokenizer.unk + 1, len(trained.tokenizer))[: self.among]
        ids = {word: at for word, at in ids.items() if at <= words[-1]}
        covered = [one for one in questions if all(word in ids for word in one[1:])]
        if not covered:
            return
        places = np.array([[ids[word] for word in one[1:]] for one in covered])
        right = completed(rows(trained), words, places[:, :3]) == places[:, 3]
        groups = np.array([self.questions.group(one.section) for one in covered])
        every = [self.questions.group(one.section) for one in questions]
        for group in ("", *dict.fromkeys(groups)):
            members = groups == group if group else np.ones(len(groups), bool)
            total = every.count(group) if group else len(every)
            signature = (
                f"3CosAdd among {len(words):,} words, {members.sum():,} of {total:,} questions covered"
            )
            name = f"{self.questions.name}, {group}" if group else self.questions.name
            value = 100 * float(right[members].mean())
            yield Result("accuracy", name, value, {"signature": signature} | fitted_to(trained))


def rows(trained: Trained) -> Rows:
    """The vectors of words by their ids."""
    return lambda ids: trained.model.vectors(trained.params, ids)


def fitted_to(trained: Trained) -> dict[str, str]:
    """What the vectors were counted from, in a protocol's words."""
    return {"corpus": trained.task.protocol("train"), "vocabulary": trained.vocabulary}


def known_words(words: Iterable[str], tokenizer: Tokenizer) -> dict[str, int]:
    """The id of each word that the tokenizer has as one piece, in its own case or another one's.

    Of several the lowest id is taken, the commonest, as gensim does where case is not to matter.
    """
    found = {}
    for word in words:
        spellings = dict.fromkeys((word, word.lower(), word.capitalize(), word.upper()))
        ids = [
            ids[0] for ids in tokenizer.encode(list(spellings)) if len(ids) == 2 and ids[0] != tokenizer.unk
        ]
        if ids:
            found[word] = min(ids)
    return found
