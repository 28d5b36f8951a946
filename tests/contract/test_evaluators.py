"""Every evaluator says by itself what it judges, refuses the rest before data is read, and has bounds."""

import dataclasses

import pytest
from sacrebleu.metrics import BLEU

from data.corpora.glue import Glue
from data.corpora.text import TinyShakespeare
from data.fields import kinds
from data.tasks.classification import Classification
from data.tasks.language import LanguageModelling
from data.tasks.task import Task
from data.tasks.translation import Translation
from experiments.readme import tables
from models.translation.seq2seq import Seq2Seq
from train.evaluators.captions.caption_scores import CaptionScores, CaptionScoresAndMeteor
from train.evaluators.labels.predictions import F1
from train.evaluators.labels.spans import SpanAnswers
from train.evaluators.labels.submission import Submission
from train.evaluators.language.cells import CellProbe
from train.evaluators.language.distant_order import DistantOrder
from train.evaluators.language.gradient_reach import GradientReach
from train.evaluators.language.masked_scores import PretrainingScores
from train.evaluators.language.perplexities import Perplexity
from train.evaluators.language.sampled_text import SampledText
from train.evaluators.language.shuffling import ShuffledHistory
from train.evaluators.language.word_groups import WordGroups
from train.evaluators.pieces.merge_gains import MergeGains
from train.evaluators.translation.alignment_error import AlignmentError
from train.evaluators.translation.bleu_scores import Bleu
from train.evaluators.translation.target_loss import HistoryGap
from train.evaluators.vectors.word_similarity import Analogies
from train.metrics import meteor
from train.parts import import_all, is_ours, within
from train.run import Evaluator, Run

import_all()
EVALUATORS = [kind for kind in kinds(Evaluator) if is_ours(kind)]
TASKS = [kind for kind in kinds(Task) if is_ours(kind)]
ROWS = [run for table in tables().values() for run in table.rows.values()]
GLUE = next(run for run in ROWS if isinstance(run.task, Classification) and isinstance(run.task.corpus, Glue))
EVALUATED = {type(part): (part, run) for run in ROWS for part in within(run) if isinstance(part, Evaluator)}
EVALUATED[Submission] = (Submission(), GLUE)  # for who sends it in: it has no result
EVALUATED[CaptionScoresAndMeteor] = (
    CaptionScoresAndMeteor(),
    EVALUATED[CaptionScores][1],
)  # for who has its extra
each = pytest.mark.parametrize("kind", EVALUATORS, ids=lambda kind: kind.__name__)


@pytest.fixture(autouse=True)
def meteor_is_installed(monkeypatch):
    """Whether an extra is installed is tested where it is used; here an evaluator is asked what it judges."""
    monkeypatch.setattr(meteor, "command", lambda: ["java"])


def complaint(evaluator: Evaluator, run: Run) -> str:
    """What an evaluator has against a run, "" if nothing."""
    try:
        evaluator.require(run)
    except ValueError as error:
        return str(error)
    return ""


@each
def test_an_evaluator_judges_a_run_of_a_table(kind):
    evaluator, run = EVALUATED[kind]
    assert not complaint(evaluator, run)


@each
def test_an_evaluator_refuses_every_task_that_it_does_not_judge(kind):
    """Of the runs of all tables: for each task, a run with a model of that task's."""
    evaluator, own = EVALUATED[kind]
    needed = evaluator.needs.get("task", Task)
    refused = 0
    for task in TASKS:
        for run in (run for run in ROWS if type(run.task) is task):
            said = complaint(evaluator, run)
            assert "\n" not in said and (not said or kind.__name__ in said)
            if not issubclass(task, needed):
                assert said, f"{kind.__name__} takes a run of {task.__name__}"
            refused += bool(said)
    assert refused and type(own.task) in TASKS


@each
def test_an_evaluator_without_such_a_split_is_told_the_splits(kind):
    evaluator, run = EVALUATED[kind]
    if "split" in kind.__dataclass_fields__:
        assert "choose from train, valid, test" in complaint(kind(split="dev"), run)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (F1, {"positive": -1}),
        (SpanAnswers, {"longest": 0}),
        (CellProbe, {"moves": 0, "length": 0}),
        (GradientReach, {"distances": (1, 0), "rows": 0}),
        (PretrainingScores, {"passes": 0, "masking": None}),
        (Perplexity, {"stride": 0}),
        (ShuffledHistory, {"places": 0}),
        (DistantOrder, {"places": 0, "length": 0, "orders": 0, "distances": (0, 1)}),
        (SampledText, {"count": 0, "length": 0, "sweeps": 0, "order": 0}),
        (WordGroups, {"rare": -1, "window": 0}),
        (AlignmentError, {"sentences": 0}),
        (HistoryGap, {"tokens": 0}),
        (MergeGains, {"most": 0}),
        (Bleu, {"tokenize": "x", "search": None, "corpus": Seq2Seq()}),
        (Analogies, {"among": 0, "questions": None}),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_field_out_of_bounds_is_refused_in_a_line_that_names_it(kind, fields):
    for field, value in fields.items():
        with pytest.raises(ValueError, match=f"^{kind.__name__}.{field} takes [^\n]*$"):
            kind(**{field: value})


@each
def test_a_split_that_the_corpus_does_not_have_is_told_before_anything_is_read(kind):
    evaluator, run = EVALUATED[kind]
    if isinstance(run.task, LanguageModelling) and "task.corpus" not in evaluator.needs:
        run = dataclasses.replace(run, task=dataclasses.replace(run.task, corpus=TinyShakespeare()))
        if evaluator.splits:
            said = complaint(dataclasses.replace(evaluator, split="test"), run)
            assert said.startswith(f"evaluators: {kind.__name__}: tinyshakespeare has no test split")
            assert not complaint(dataclasses.replace(evaluator, split="valid"), run)


def test_every_numeric_field_has_a_bound():
    """No int, no float, and no tuple of them, of an evaluator is without one."""
    for kind in EVALUATORS:
        for name, field in kind.__dataclass_fields__.items():
            plain = field.type in (int, float, int | None, float | None, tuple[int, ...], tuple[float, ...])
            assert not plain, f"{kind.__name__}.{name}"


@pytest.mark.parametrize("tokenize", sorted(BLEU.TOKENIZERS))
def test_text_is_tokenised_as_sacrebleu_can_or_what_to_install_is_heard_before_training(tokenize):
    judge, run = Bleu(tokenize=tokenize), Run(Seq2Seq(), Translation())
    assert judge.tokenize == tokenize
    try:
        BLEU(tokenize=tokenize)
    except Exception:  # what its extras raise where they are not installed
        with pytest.raises(
            ValueError, match=f"^evaluators: Bleu: .*'{tokenize}' cannot .*`pip install [^\n]*$"
        ):
            judge.require(run)
    else:
        judge.require(run)
