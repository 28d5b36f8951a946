"""run.json, the first that is read of a run directory: JSON of one format, read without jax."""

from pathlib import Path

from data.files import json_text

FORMAT = 2  # of run.json and of the checkpoints beside it


def read(directory: Path) -> dict:
    """run.json as it was written; ValueError where there is none, or one of another format."""
    path = directory / "run.json"
    if not path.is_file():
        raise ValueError(f"{path}: no such file, so {directory} is not a run directory")
    described = json_text.read(path)
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
