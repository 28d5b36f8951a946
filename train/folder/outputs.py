"""outputs/: the texts that were scored, one a line, as the bootstrap and the pictures read them again."""

from collections.abc import Iterable
from pathlib import Path


def keep(directory: Path, name: str, **sides: Iterable[str]) -> None:
    """Write outputs/<name>.<side> of each side, such as source, reference and hypothesis."""
    folder = directory / "outputs"
    folder.mkdir(exist_ok=True)
    for side, lines in sides.items():
        (folder / f"{name}.{side}").write_text("\n".join(lines) + "\n", encoding="utf-8")
