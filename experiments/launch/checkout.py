"""The code that jobs run: a copy of the checkout at its commit, which no later edit reaches.

Jobs wait in queues for hours and are started again days later. Uncommitted changes are refused rather than
copied: a run's record names its commit, and a number whose code no commit has could never be made again.
"""

import shutil
import tempfile
from pathlib import Path

from data.splits import listed
from experiments.launch import program

ROOT = Path(__file__).resolve().parents[2]
CODE = ("data", "models", "train", "experiments")
UNKNOWN = "COMMIT"  # where there is none, in what --dry-run prints
COPIES = Path(".launches", "checkouts")  # below a folder of runs


def git(*arguments: str, at: Path = ROOT) -> str:
    """What git prints; ValueError in its own words where it fails."""
    try:
        return program.printed("git", "-C", str(at), *arguments).strip()
    except ValueError as error:
        raise ValueError(f"{at}: a launch is pinned to a commit, but {error}") from None


def commit(root: Path = ROOT) -> str:
    """The commit of the checkout; ValueError where there is none."""
    return git("rev-parse", "HEAD", at=root)


def named(root: Path = ROOT) -> str:
    """The commit of the checkout, or UNKNOWN."""
    try:
        return commit(root)
    except ValueError:
        return UNKNOWN


def changed(root: Path = ROOT) -> list[str]:
    """The files of code that differ from the commit, or that it has not."""
    lines = git("status", "--porcelain", "--", *CODE, at=root).splitlines()
    return [line.strip().partition(" ")[2].strip() for line in lines]


def require_committed(root: Path = ROOT) -> None:
    """ValueError that names what is not committed."""
    if files := changed(root):
        raise ValueError(
            f"not committed: {listed(files, 120)}; jobs run a copy of the commit; commit first, or stash it"
        )


def copy_of(runs_dir: Path, commit: str) -> Path:
    """Where the copy of a commit is, or will be, below a folder of runs."""
    return runs_dir.absolute() / COPIES / commit[:12]


def pinned(runs_dir: Path, root: Path = ROOT) -> Path:
    """The copy of the checkout's commit below a folder of runs, made where it is not there yet.

    It is a clone of its own, so that a run in it knows its commit; made beside its place and moved there
    whole.
    """
    require_committed(root)
    head = commit(root)
    copy = copy_of(runs_dir, head)
    if copy.is_dir():
        return copy
    copy.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=copy.parent))
    try:
        beside.chmod(0o755)
        git("clone", "--quiet", "--depth=1", "--no-tags", f"file://{root}", str(beside))
        git("checkout", "--quiet", "--detach", head, at=beside)
        beside.rename(copy)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        if copy.is_dir():  # another launch was faster
            return copy
        raise
    return copy
