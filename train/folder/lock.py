"""One process at a time writes into a run directory: the file `lock` says which, and since when.

The system's own lock on that file goes with the process, however it ends, but does not reach every other
host. There the file's age decides: whoever holds it touches it once a minute.
"""

import contextlib
import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

LOCK = "lock"
HERE = socket.gethostname()
TOUCHED_EVERY, FORGOTTEN_AFTER = 60.0, 900.0  # seconds


@contextlib.contextmanager
def held(directory: Path) -> Iterator[None]:
    """The directory for this process alone; ValueError that names who has it, where, and since when."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / LOCK
    file = taken(path)
    try:
        if told(path).get("host", HERE) != HERE and time.time() - path.stat().st_mtime < FORGOTTEN_AFTER:
            raise refusal(path)
        done = threading.Event()
        try:
            sign(path)
            threading.Thread(target=touch, args=(path, done), daemon=True).start()
            yield
        finally:
            done.set()
            path.unlink(missing_ok=True)
    finally:
        os.close(file)


def sign(path: Path) -> None:
    """Say in the lock file which process has it; OSError that names the file."""
    try:
        path.write_text(json.dumps({"host": HERE, "process": os.getpid(), "since": time.time()}))
    except OSError as error:
        raise OSError(f"{path}: could not be written ({error.strerror})") from error


def taken(path: Path) -> int:
    """The lock file, locked; ValueError where another process has it."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            raise refusal(path) from None
        except OSError:  # a file system without locks: what the file says has to do
            if runs_here(told(path)):
                os.close(file)
                raise refusal(path) from None
            return file
        with contextlib.suppress(FileNotFoundError):
            if os.stat(path).st_ino == os.fstat(file).st_ino:
                return file
        os.close(file)  # its holder removed it meanwhile


def told(path: Path) -> dict:
    """What a lock file says, {} where it says nothing."""
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return {}


def runs_here(holder: dict) -> bool:
    """Whether the holder is another process of this host that has not ended."""
    if holder.get("host") != HERE or holder.get("process") == os.getpid():
        return False
    try:
        os.kill(int(holder["process"]), 0)
    except (ProcessLookupError, KeyError, ValueError):
        return False
    except PermissionError:  # another user's
        pass
    return True


def is_held(directory: Path) -> bool:
    """Whether a process that has not ended, here or on another host, is writing into a run directory."""
    path = directory / LOCK
    if (holder := told(path)).get("host") == HERE:
        return runs_here(holder) or holder.get("process") == os.getpid()
    try:
        return bool(holder) and time.time() - path.stat().st_mtime < FORGOTTEN_AFTER
    except OSError:
        return False


def refusal(path: Path) -> ValueError:
    """Who has the directory, where and for how long."""
    holder = told(path)
    since = holder.get("since")
    age = max(0, time.time() - since) if isinstance(since, float) else 0
    who = f"process {holder.get('process', 'unknown')} on {holder.get('host', 'another host')}"
    return ValueError(
        f"{path.parent}: {who} has been writing here for {age / 60:.0f} min; wait for it or stop it "
        f"(if it is gone, remove {path})"
    )


def touch(path: Path, done: threading.Event) -> None:
    """Show once a minute that the holder is there."""
    while not done.wait(TOUCHED_EVERY):
        with contextlib.suppress(OSError):
            os.utime(path)
