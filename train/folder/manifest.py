"""run.json, the first that is read of a run directory: JSON of one format, read without jax."""

import json
from pathlib import Path

FORMAT = 2  # of run.json and of the checkpoints beside it


def read(directory: Path) -> dict:
    """run.json as it was written; ValueError where there is none, or one of another format."""
    path = directory / "run.json"
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file, so {directory} is not a run directory") from None
    except ValueError as error:
        raise ValueError(f"{path}: not JSON ({error})") from None
    require_format(described, path)
    return described


def require_format(described: object, where: Path | str) -> None:
    """ValueError unless this was written in the format that is read."""
    found = described.get("format") if isinstance(described, dict) else None
    if found != FORMAT:
        raise ValueError(
            f"{where}: written in format {found}, this version reads format {FORMAT}; "
            "train again, or use the version that wrote it"
        )
