"""Every objective and batching goes together with a task, or is refused with a line that says what to set."""

import dataclasses
import re

import pytest

from data.batches.batch import Batching
from data.fields import kinds
from data.tasks.task import Task
from experiments.readme import tables
from train.objectives.histories import FreeRunning, Linear
from train.objectives.next_token import NextTargetToken, NextToken
from train.objectives.objective import Objective
from train.optimizers import Optimizer, Schedule
from train.parts import import_all, is_ours, parse, within
from train.run import Run

import_all()
ROWS = [run for table in tables().values() for run in table.rows.values()]
TRAINED = [run for run in ROWS if not run.model.fitted]
OBJECTIVES, BATCHINGS, TASKS, OPTIMIZERS, SCHEDULES = (
    [kind for kind in kinds(role) if is_ours(kind)]
    for role in (Objective, Batching, Task, Optimizer, Schedule)
)
USED = {type(part) for run in ROWS for part in within(run)}
OF_TASK = {kind: next(run for run in TRAINED if type(run.task) is kind) for kind in TASKS}
named = {"ids": lambda kind: kind.__name__}


def complaint(part, run: Run) -> str:
    """What a part has against a run, "" if nothing."""
    try:
        part.require(run)
    except ValueError as error:
        return str(error)
    return ""


def proposed(said: str, field: str) -> list[str]:
    """The parts that a refusal proposes for a field."""
    return re.findall(r"\w+(?=\(\))", said.partition(f"set {field}=")[2])


@pytest.mark.parametrize("task", TASKS, **named)
@pytest.mark.parametrize("kind", OBJECTIVES, **named)
def test_an_objective_goes_with_a_task_or_says_which_one_does(kind, task):
    run = dataclasses.replace(OF_TASK[task], objective=kind())
    said = complaint(run.objective, run)
    if run.task.targets in kind.learns:
        assert not said or "model" in said
        return
    assert said.startswith(f"objective={kind.__name__} learns") and "\n" not in said
    right = proposed(said, "objective")
    assert right and all(run.task.targets in type(parse(f"{name}()")).learns for name in right)


@pytest.mark.parametrize("task", TASKS, **named)
@pytest.mark.parametrize("kind", BATCHINGS, **named)
def test_a_batching_cuts_what_a_task_gives_or_says_which_one_does(kind, task):
    run = dataclasses.replace(OF_TASK[task], batches=kind())
    said = complaint(run.batches, run)
    if kind.cuts == task.gives:
        assert not said
        return
    assert said.startswith(f"batches={kind.__name__} cuts") and "\n" not in said
    right = proposed(said, "batches")
    assert right and all(parse(f"{name}()").cuts == task.gives for name in right)


@pytest.mark.parametrize("run", OF_TASK.values(), ids=lambda run: type(run.task).__name__)
def test_an_objective_refuses_models_of_another_kind(run):
    """The model of every other task, under this one's objective."""
    others = [other.model for other in OF_TASK.values() if not isinstance(other.model, run.objective.models)]
    assert others
    for model in others:
        said = complaint(run.objective, dataclasses.replace(run, model=model))
        assert "\n" not in said and f"objective={type(run.objective).__name__} trains" in said


def test_what_is_trained_by_gradients_asks_for_an_objective_and_batches():
    run = TRAINED[0]
    for field in ("objective", "batches"):
        with pytest.raises(ValueError, match=f"^{field} is None, .* set {field}$"):
            dataclasses.replace(run, **{field: None}).require()


def test_what_is_carried_asks_for_batches_and_a_model_that_carry():
    streams = next(run for run in TRAINED if run.batches.carried)
    windows = next(run for run in TRAINED if type(run.objective) is NextToken and not run.model.carries)
    asked = NextToken(carried=True)
    for run, said in (
        (dataclasses.replace(streams, batches=windows.batches), r"set batches=Streams\(\)"),
        (dataclasses.replace(windows, batches=streams.batches), "set objective.carried=False"),
    ):
        with pytest.raises(ValueError, match=said):
            asked.require(run)


def test_words_of_its_own_are_for_a_model_that_can_read_them():
    runs = [run for run in TRAINED if type(run.objective) is NextTargetToken]
    able, unable = (next(run for run in runs if run.model.samples is can) for can in (True, False))
    for history in (FreeRunning(), Linear()):
        assert not complaint(NextTargetToken(history=history), able)
        said = complaint(NextTargetToken(history=history), unable)
        assert f"objective.history={type(history).__name__}" in said


def test_decay_is_refused_where_weights_are_to_stay():
    run = next(run for run in TRAINED if run.model.frozen)
    assert not complaint(run.optimizer, run)
    decaying = dataclasses.replace(run.optimizer, decay=0.1)
    assert complaint(decaying, run).endswith("set optimizer.decay=0")


@pytest.mark.parametrize("kind", [*OBJECTIVES, *OPTIMIZERS, *SCHEDULES], **named)
def test_every_numeric_field_has_a_bound(kind):
    for name, field in kind.__dataclass_fields__.items():
        assert field.type not in (int, float, int | None, float | None), f"{kind.__name__}.{name}"


@pytest.mark.parametrize("kind", [*OBJECTIVES, *BATCHINGS, *OPTIMIZERS], **named)
def test_every_part_stands_in_a_table(kind):
    assert kind in USED
