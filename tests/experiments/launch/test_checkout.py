"""What is launched is a commit: a copy that later edits do not reach, and no state that has no name."""

import subprocess
import sys

import pytest

from experiments.launch import checkout


def git(root, *words):
    return subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "checkout"
    (folder / "train").mkdir(parents=True)
    (folder / "train" / "code.py").write_text("print('as committed')\n")
    (folder / ".gitignore").write_text("runs/\n__pycache__/\n")
    git(folder.parent, "init", "--quiet", str(folder))
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message=first")
    return folder


def test_the_copy_is_of_the_commit_and_knows_it_whatever_comes_later(root):
    copy = checkout.pinned(root / "runs", root)
    (root / "train" / "code.py").write_text("print('edited')\n")
    said = subprocess.run([sys.executable, copy / "train" / "code.py"], capture_output=True, text=True).stdout
    assert said == "as committed\n"
    assert git(copy, "rev-parse", "HEAD") == git(root, "rev-parse", "HEAD")
    assert git(copy, "status", "--porcelain") == ""
    git(root, "checkout", "--quiet", "--", ".")
    assert checkout.pinned(root / "runs", root) == copy
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]


@pytest.mark.parametrize("name", ["train/code.py", "train/new.py"])
def test_what_is_not_committed_is_named_and_nothing_is_copied(root, name):
    (root / name).write_text("print('edited')\n")
    with pytest.raises(ValueError, match=f"not committed: {name}; .*commit first"):
        checkout.pinned(root / "runs", root)
    assert not (root / "runs").exists()


def test_what_is_no_code_may_change(root):
    (root / "notes.txt").write_text("mine")
    assert checkout.pinned(root / "runs", root).is_dir()


def test_where_there_is_no_commit_that_is_told(tmp_path):
    with pytest.raises(ValueError, match="pinned to a commit, but git says: fatal: not a git repository"):
        checkout.pinned(tmp_path / "runs", tmp_path)
    assert checkout.named(tmp_path) == checkout.UNKNOWN
