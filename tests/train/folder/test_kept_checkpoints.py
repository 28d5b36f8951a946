"""A sound record tells which checkpoint is the best and which are kept; strays and losses change nothing."""

import os
import shutil

import pytest
from small_checkpoints import (
    RUN,
    abstract,
    cut_record,
    edit_record,
    flip,
    lose_digests,
    lose_record,
    replace_record,
    saved,
    state_at,
)

from train.folder import checkpoint
from train.folder.checkpoint import Checkpoints


@pytest.mark.parametrize("damage", [lose_record, edit_record, cut_record, replace_record, lose_digests])
def test_which_is_best_and_which_are_regular_is_told_by_a_sound_record_alone(tmp_path, damage):
    checkpoints, _ = saved(tmp_path, keep=2)
    checkpoints.save(4, state_at(4), {"batch": 3}, RUN, wait=True)
    assert (checkpoints.best, checkpoints.regular) == (3, [2, 3])
    damage(tmp_path / "4")
    for ask in (lambda: checkpoints.best, lambda: checkpoints.regular):
        with pytest.raises(checkpoint.Damaged, match="4 is damaged: "):
            ask()


def test_a_best_checkpoint_that_is_gone_is_told_at_once_and_no_other_is_taken_for_it(tmp_path):
    checkpoints, lines = saved(tmp_path, ())
    for step, loss in ((1, 0.1), (2, 0.2)):
        checkpoints.save(step, state_at(step), {}, RUN, {"loss": loss}, wait=True)
    shutil.rmtree(tmp_path / "1")
    assert checkpoints.restore(abstract(state_at(0)))[2] == 2
    assert len(lines) == 1 and "1, the best until 2, is missing; put it back" in lines[0]
    checkpoints.save(3, state_at(3), {}, RUN, {"loss": 0.3}, wait=True)
    assert checkpoints.best == 1
    with pytest.raises(ValueError, match="no checkpoint 1; there: 2, 3"):
        checkpoints.params(checkpoints.best)


def test_without_the_newest_the_one_before_it_serves_though_some_it_was_kept_with_are_gone(tmp_path):
    checkpoints, lines = saved(tmp_path, keep=2)
    shutil.rmtree(tmp_path / "3")
    assert checkpoints.restore(abstract(state_at(0)))[2] == 2 and lines == []


def test_the_checkpoint_before_a_damaged_one_serves_though_some_it_was_kept_with_are_gone(tmp_path):
    checkpoints, lines = saved(tmp_path, keep=1)
    assert sorted(os.listdir(tmp_path)) == ["3"]
    checkpoints, lines = saved(tmp_path, (4, 5, 6), keep=2)
    flip(tmp_path / "6")
    assert checkpoints.restore(abstract(state_at(0)))[2] == 5 and len(lines) == 1
    checkpoints.save(6, state_at(6), {}, RUN, {"loss": 1 / 6}, wait=True)
    assert sorted(os.listdir(tmp_path)) == ["5", "6"]


def test_strays_among_the_checkpoints_do_no_harm(tmp_path):
    checkpoints, lines = saved(tmp_path, (1, 2))
    for name in ("3", "005", "٤", "notes.txt"):
        (tmp_path / name).write_text("a stray")
    (tmp_path / "06").mkdir()
    assert (checkpoints.steps, checkpoints.latest, checkpoints.best) == ([1, 2], 2, 2)
    assert checkpoints.restore(abstract(state_at(0)))[2] == 2 and lines == []
    checkpoints.save(3, state_at(3), {}, RUN, wait=True)
    assert checkpoints.steps == [1, 2, 3] and len(lines) == 1 and "3 is a file and no checkpoint" in lines[0]
    assert (tmp_path / "notes.txt").exists() and (tmp_path / "005").exists()


def test_a_file_in_place_of_the_checkpoints_is_told(tmp_path):
    (tmp_path / "checkpoints").write_text("")
    with pytest.raises(ValueError, match="checkpoints: not a folder; remove it"):
        Checkpoints(tmp_path / "checkpoints").restore(abstract(state_at(0)))
