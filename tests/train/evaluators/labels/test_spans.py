"""Answers from logits against every span tried, and SQuAD's two metrics on its own cases."""

import numpy as np
import pytest

from data.items.question import Answer, Question
from data.tasks.questions import Questions, Window
from data.world.stories import WorldQuestions
from data.world.world import World
from models.encoders.words import WordLSTM
from models.heads.span import SpanFinder
from train.evaluators.labels.spans import SpanAnswers, best_span, found_answers
from train.metrics.answers import exact_match, f1, normalised


@pytest.mark.parametrize("longest", [1, 3, 30])
def test_the_best_span_is_the_best_of_all(longest):
    draw = np.random.default_rng(longest)
    for _ in range(20):
        logits = draw.normal(size=(2, 14))
        allowed = draw.random(12) < 0.8  # of 14 inputs the last two are padding
        allowed[3] = True
        every = [
            (logits[0, i] + logits[1, j], i, j)
            for i in range(12)
            for j in range(i, min(i + longest, 12))
            if allowed[i] and allowed[j]
        ]
        score, i, j = best_span(logits, allowed, longest)
        assert (score, i, j) == (pytest.approx(max(every)[0]), *max(every)[1:])


def test_a_question_has_the_answer_of_its_surest_window():
    context = "one two three four"
    spans = ((0, 3), (4, 7), (8, 13), (14, 18))
    questions = [Question(context, "?", (Answer("one", 0),))] * 2
    windows = [
        Window(0, None, (None, *spans[:2], None)),
        Window(0, None, (None, *spans[1:3], None)),
        Window(1, None, (None, *spans[2:], None)),
        Window(0, None, (None, *spans[2:], None)),
    ]
    logits = [np.zeros((2, 5)) for _ in windows]
    logits[0][:, 0] = 99.0  # no answer here, says its first mark
    logits[1][0, 1] = logits[1][1, 2] = 2.0
    logits[2][:, 2] = 1.0
    assert found_answers(questions, windows, logits, 30) == ["two three", "four"]
    assert found_answers(questions, windows, logits, 1) == ["two", "four"]


@pytest.mark.parametrize(
    ("said", "gold", "exact", "overlap"),
    [
        ("The Denver Broncos!", ["Denver Broncos"], 1, 1),
        ("Broncos", ["Denver Broncos", "the Broncos"], 1, 1),
        ("Denver Broncos of 2015", ["Denver Broncos"], 0, 2 * 2 / 6),
        ("gold gold", ["gold medal"], 0, 2 * 1 / 4),
        ("gold gold", ["gold gold medal"], 0, 2 * 2 / 5),
        ("Levi's Stadium", ["levis stadium"], 1, 1),
        ("another", ["other"], 0, 0),  # "an" is an article as a word only
        ("", ["Denver"], 0, 0),
        ("twenty-one", ["twenty one"], 0, 0),
    ],
)
def test_the_official_metrics(said, gold, exact, overlap):
    assert exact_match(said, gold) == exact
    assert f1(said, gold) == pytest.approx(overlap)


def test_normalised_removes_punctuation_before_articles():
    assert normalised("  The  A.N. 'a' Theory,\n of an  owl") == "theory of owl"


@pytest.mark.slow
def test_a_run_learns_to_say_where_it_was(tmp_path):
    """Two steps of a run, whose evaluator says what share of its answers is right."""
    from data.batches.examples import Padded
    from train.loop.training import train
    from train.objectives.supervised import Label
    from train.run import Run

    corpus = WorldQuestions(World(vocabulary=0.2, train=40, valid=8, test=8))
    run = Run(
        model=SpanFinder(encoder=WordLSTM(embed_dim=8, features=8)),
        task=Questions(corpus, longest=100, stride=20),
        objective=Label(),
        batches=Padded(tokens=512, shapes=1),
        steps=2,
        evaluate_every=2,
        keep=1,
        evaluators=(SpanAnswers("valid"),),
    )
    train(run, tmp_path / "run")
    outputs = tmp_path / "run" / "outputs"
    said = (outputs / "valid.answer").read_text().splitlines()
    assert len(said) == 8
    assert all(text in one.context for text, one in zip(said, corpus.items("valid"), strict=True))
