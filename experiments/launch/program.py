"""Programs that a launch asks, git and those of schedulers: what one prints, or in a line why it does not."""

import shutil
import subprocess


def require(name: str, advice: str) -> None:
    """ValueError with what to do instead where a program is not there."""
    if shutil.which(name) is None:
        raise ValueError(f"{name} is not on PATH{advice}")


def printed(*command: str) -> str:
    """What a program prints; ValueError in its own words where it fails or cannot be started."""
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        raise ValueError(f"{command[0]} could not be started ({error.strerror})") from None
    if done.returncode:
        lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        said = " ".join(lines).removeprefix(f"{command[0]}: ") or f"nothing, exit code {done.returncode}"
        raise ValueError(f"{command[0]} says: {said}")
    return done.stdout
