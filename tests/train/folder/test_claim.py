"""By what code a run was made: the commit, and whether files have changed since."""

import subprocess

from train.folder import claim as directory


def test_the_commit_says_whether_files_have_changed_since(tmp_path, monkeypatch):
    git = lambda *words: subprocess.run(
        ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b", *words],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    code = tmp_path / "train" / "directory.py"
    code.parent.mkdir()
    code.write_text("one\n")
    monkeypatch.setattr(directory, "__file__", str(code))
    assert directory.commit() == "unknown"
    git("init")
    git("add", ".")
    git("commit", "-m", "one")
    head = git("rev-parse", "--short", "HEAD")
    assert directory.commit() == head
    (tmp_path / "new").write_text("which git does not know of\n")
    assert directory.commit() == head
    code.write_text("two\n")
    assert directory.commit() == f"{head}+dirty"
