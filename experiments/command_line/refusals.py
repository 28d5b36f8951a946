"""Which errors are the user's mistakes, answered by one line, and which are bugs and keep their traceback."""

import dis
import sysconfig
from pathlib import Path
from types import FrameType, TracebackType

ROOT = Path(__file__).resolve().parents[2]
OURS = tuple(ROOT / package for package in ("data", "models", "train", "experiments"))
LIBRARIES = tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
LONGEST = 300  # characters of a line


def is_refusal(error: ValueError | OSError) -> bool:
    """Whether a line says all: a `raise ValueError` of ours, or a file that ours or a library could not use.

    A ValueError that an operation raised (an array's, a package's, one in a part that a user wrote elsewhere)
    is a bug, and so is an OSError of a user's part.
    """
    steps = list(walked(error.__traceback__))
    if isinstance(error, OSError):
        callers = [frame for frame, _ in steps if not lies_in(frame, LIBRARIES) or lies_in(frame, OURS)]
        return bool(callers) and lies_in(callers[-1], OURS)
    frame, instruction = steps[-1]
    return lies_in(frame, OURS) and dis.opname[frame.f_code.co_code[instruction]] == "RAISE_VARARGS"


def walked(step: TracebackType | None):
    """(frame, the place of the instruction that it was at) from the outermost call to the innermost."""
    while step:
        yield step.tb_frame, step.tb_lasti
        step = step.tb_next


def lies_in(frame: FrameType, folders: tuple[Path, ...]) -> bool:
    """Whether the code of a frame is in a file of one of the folders, or is part of Python where they are."""
    name = frame.f_code.co_filename
    if name.startswith("<"):  # <frozen importlib>, and what a library has written at run time
        return folders is LIBRARIES
    return any(Path(name).is_relative_to(folder) for folder in folders)


def one_line(text: object) -> str:
    """A message on one line of at most LONGEST characters: of a longer one both ends, as the last says what
    to do."""
    words = "".join(letter if letter.isprintable() else " " for letter in str(text)).split()
    line = f"lookback: {' '.join(words)}"
    half = LONGEST // 2 - 2
    return line if len(line) <= LONGEST else f"{line[:half]} .. {line[-half:]}"
