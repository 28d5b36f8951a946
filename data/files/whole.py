"""A text file is written whole or not at all."""

from pathlib import Path


def write(path: Path, text: str) -> None:
    """Write beside its place first, so that no reader ever sees a part; OSError that names the file."""
    beside = path.with_name(f"{path.name}.tmp")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)  # gives a full disk its room back
        raise OSError(f"{path}: could not be written ({error.strerror})") from error
