"""Evaluators of word vectors: cosines and 3CosAdd by hand, what is covered, and fitting as a run."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from data.corpora.similarity import Analogy, AnalogySet, Rated, RatedPairs, WorldAnalogies, WorldPairs
from data.corpora.text import GeneratedText
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import WhitespaceWords, Words
from data.tokenizers.wordpiece import PublishedWordPiece
from data.world.world import World
from models.language.ngram import NGram
from models.vectors.counts import WordVectors
from models.vectors.word2vec import Word2Vec
from models.vectors.word_vectors import SVD
from train.evaluators.vectors.word_similarity import Analogies, Similarity, known_words
from train.folder.ledger import complete_lines
from train.loop.training import train
from train.metrics.similarity import completed, cosines
from train.run import Run, Trained
from train.weights.load import load

# man, woman, king, queen, and a word that is nearer to queen's place than any of the question's but one
TABLE = np.array([[0, 0], [0, 0], [0, 0], [0, 0], [2, 0], [1, 1], [3, 1], [2, 2], [-1, 0]], np.float32)


@dataclasses.dataclass(frozen=True)
class Given(WordVectors):
    """Word vectors that are there already."""

    def vectors(self, params, ids):
        return params["table"][ids]


@dataclasses.dataclass(frozen=True)
class Asked(RatedPairs, AnalogySet):
    """Pairs and questions that a test asks."""

    asked: tuple = ()
    name: str = "asked"

    def pairs(self, data_dir=None):
        return [Rated(*one) for one in self.asked]

    def questions(self, data_dir=None):
        return [Analogy(*one) for one in self.asked]

    def group(self, section):
        return section


def trained(words: str, table: np.ndarray) -> Trained:
    task = LanguageModelling(GeneratedText(World(train=5)), WhitespaceWords())
    tokenizer = task.tokenizer.train([words])
    return Trained(Run(NGram(), task), Given(), {"table": table}, tokenizer, "", Path())


def test_cosines_of_rows_one_of_them_zero():
    pairs = np.array([[4, 5], [7, 5], [4, 8], [0, 4]])
    np.testing.assert_allclose(cosines(TABLE.__getitem__, pairs), [0.5**0.5, 1, -1, 0], atol=1e-6)


def test_three_cos_add_by_hand_leaves_the_questions_words_out():
    """cos with (1, 0) - (1, 1) / sqrt 2 + (3, 1) / sqrt 10, of all words but the question's."""
    words = np.arange(4, 9)
    unit = TABLE[4:] / np.linalg.norm(TABLE[4:], axis=1, keepdims=True)
    for a, b, c in ((4, 5, 6), (5, 4, 7), (6, 7, 4)):
        scores = unit @ (unit[b - 4] - unit[a - 4] + unit[c - 4])
        best = max((score, word) for score, word in zip(scores, words, strict=True) if word not in (a, b, c))[
            1
        ]
        assert completed(TABLE.__getitem__, words, np.array([[a, b, c]])) == [best]
    assert completed(TABLE.__getitem__, words, np.array([[4, 5, 6]])) == [7]
    assert completed(TABLE.__getitem__, np.array([4, 5, 6, 8]), np.array([[4, 5, 6]])) == [8]


def test_answers_are_those_of_one_question_at_a_time_however_words_are_divided(monkeypatch):
    draw = np.random.default_rng(0)
    table, questions = draw.normal(size=(50, 8)), draw.integers(0, 50, (30, 3))
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    scores = [unit @ (unit[b] - unit[a] + unit[c]) for a, b, c in questions]
    expected = [
        np.argmax(np.where(np.isin(np.arange(50), q), -9, s)) for q, s in zip(questions, scores, strict=True)
    ]
    np.testing.assert_array_equal(completed(table.__getitem__, np.arange(50), questions), expected)
    monkeypatch.setattr("train.metrics.similarity.BLOCK", 7)
    np.testing.assert_array_equal(completed(table.__getitem__, np.arange(50), questions), expected)


def test_similarity_is_scipys_over_the_pairs_that_are_covered():
    given = trained("a a a b b c d e\n", np.random.default_rng(0).normal(size=(9, 4)))
    ids = known_words("abcde", given.tokenizer)
    pairs = [("a", "b", 3.0), ("b", "c", 1.0), ("c", "d", 3.0), ("d", "e", 2.0), ("e", "a", 0.5)]
    (result,) = Similarity(Asked((*pairs, ("a", "x", 9.0), ("y", "z", 9.0))))(given)
    rows = given.params["table"] / np.linalg.norm(given.params["table"], axis=1, keepdims=True)
    found = [rows[ids[one]] @ rows[ids[other]] for one, other, _ in pairs]
    assert result.value == pytest.approx(
        100 * stats.spearmanr(found, [score for *_, score in pairs]).statistic
    )
    assert result.protocol["signature"] == "cosine, 5 of 7 pairs covered"
    assert not list(Similarity(Asked((("a", "x", 9.0),)))(given))


def test_analogies_count_what_is_covered_and_right_in_each_group():
    given = trained("man man man man woman woman woman king king queen queen other\n", TABLE)
    assert known_words(["man", "other"], given.tokenizer) == {"man": 4, "other": 8}
    royal, wrong = ("royal", "man", "woman", "king", "queen"), ("wrong", "man", "king", "woman", "other")
    asked = Asked((royal, wrong, (*royal[:4], "duke")))
    whole, first, second = Analogies(asked)(given)
    assert [result.value for result in (whole, first, second)] == [50, 100, 0]
    assert [result.name for result in (whole, first, second)] == ["asked", "asked, royal", "asked, wrong"]
    assert whole.protocol["signature"] == "3CosAdd among 5 words, 2 of 3 questions covered"
    assert first.protocol["signature"] == "3CosAdd among 5 words, 1 of 2 questions covered"
    (only, _) = Analogies(Asked((royal, wrong)), among=4)(given)  # `other` is the fifth
    assert only.protocol["signature"] == "3CosAdd among 4 words, 1 of 2 questions covered"


def test_a_word_is_found_in_the_case_that_is_commonest():
    tokenizer = WhitespaceWords().train(["Paris Paris US US US us May may may the\n"])
    ids = {word: tokenizer.encode([word])[0][0] for word in ("Paris", "US", "may", "the")}
    expected = {"paris": ids["Paris"], "us": ids["US"], "May": ids["may"], "the": ids["the"]}
    assert known_words(["paris", "us", "May", "the", "missing"], tokenizer) == expected


def test_a_model_without_vectors_is_refused():
    run = Run(NGram(), LanguageModelling())
    for evaluator in (Similarity(), Analogies()):
        with pytest.raises(ValueError, match="compares vectors of words, and model=NGram is no WordVectors"):
            evaluator.require(run)


def test_word_vectors_are_a_run_that_is_fitted_saved_and_scored(tmp_path):
    run = Run(
        Word2Vec(features=8, epochs=1),
        LanguageModelling(GeneratedText(World(train=200, valid=10)), Words(lowercase=True)),
        evaluators=(Similarity(WorldPairs()), Analogies(WorldAnalogies())),
    )
    tables = {}
    for seed in (0, 1):
        folder = tmp_path / str(seed)
        train(dataclasses.replace(run, seed=seed), folder)
        found = load(folder)
        tables[seed] = found.model.vectors(found.params, np.arange(4, 60))
    assert found.model.vocab_size == len(found.tokenizer) and not np.array_equal(tables[0], tables[1])
    lines = complete_lines(folder / "metrics.jsonl")
    assert {line["kind"] for line in lines} >= {"result", "cost"} and "valid" not in {
        line["kind"] for line in lines
    }
    (again,) = Similarity(WorldPairs())(found)
    assert again.value in [line["value"] for line in lines if line["kind"] == "result"]
    train(dataclasses.replace(run, model=SVD(features=8)), tmp_path / "svd")
    assert load(tmp_path / "svd").params["words"].shape == (len(found.tokenizer), 8)


def test_a_tokenizer_whose_marks_have_other_ids_is_refused(tmp_path):
    """Its [UNK] and [SEP] would be counted as words, and all lines as one."""
    pieces = ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "bat", "sleeps", "##s", "."]
    (tmp_path / "vocab.txt").write_text("\n".join(pieces) + "\n")
    task = LanguageModelling(
        GeneratedText(World(train=20, valid=5, test=5)), PublishedWordPiece(str(tmp_path))
    )
    run = Run(model=Word2Vec(features=4), task=task, evaluators=())
    with pytest.raises(ValueError, match="Word2Vec tells words from marks by their ids"):
        train(run, tmp_path / "run")
