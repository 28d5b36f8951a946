"""run.json, the first that is read of a run directory: JSON of one format, sealed, read without jax.

A seal is the first 16 hexadecimal digits of a SHA-256. That of run.json is of its other fields, as JSON
without spaces and sorted by name: what is changed by hand no longer fits. metrics.jsonl begins with it.
"""

import hashlib
import json
from pathlib import Path

from data.files import json_text, whole

FORMAT = 3  # of run.json, of metrics.jsonl and of the checkpoints beside them
MANIFEST = "run.json"


def seal(text: str) -> str:
    """16 hexadecimal digits that are others for another text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def sealed(described: dict) -> dict:
    """The description with its seal."""
    rest = {name: value for name, value in described.items() if name != "seal"}
    return rest | {"seal": seal(json.dumps(rest, sort_keys=True, separators=(",", ":")))}


def write(directory: Path, described: dict) -> None:
    """Write run.json."""
    whole.write(directory / MANIFEST, json.dumps(sealed(described), indent=1, ensure_ascii=False))


def read(directory: Path) -> dict:
    """run.json and its seal; ValueError where there is none, or it is not what was written."""
    path = directory / MANIFEST
    if not path.is_file():
        raise ValueError(f"{path}: no such file, so {directory} is not a run directory")
    described = json_text.read(path)
    require_format(described, path)
    if described.get("seal") != sealed(described)["seal"]:
        raise ValueError(f"{path}: changed since it was written; {REMEDY}")
    return described


REMEDY = "put it back, or delete it: then `lookback run` writes it again from a checkpoint"


def require_format(described: object, where: Path | str) -> None:
    """ValueError unless this was written in the format that is read."""
    found = described.get("format") if isinstance(described, dict) else None
    if found != FORMAT:
        raise ValueError(
            f"{where}: written in format {str(found)[:20]}, this version reads format {FORMAT}; "
            "train again, or use the version that wrote it"
        )
