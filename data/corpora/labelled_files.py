"""A user's own classification data: TSV, CSV or JSON lines, a file a split, columns by their names."""

import csv
import dataclasses
import functools
import math
from collections.abc import Iterator
from pathlib import Path

from data.files import csv_text, folders, json_text
from data.files.outside_text import composed
from data.items.corpus import LabelledCorpus
from data.items.labelled import Labelled
from data.splits import SPLITS, known, known_split, listed

Row = tuple[int, str, str, str]  # its line, both texts, and the label as it is written


@dataclasses.dataclass(frozen=True)
class LabelledFiles(LabelledCorpus):
    """A text, or two, and a label in each row of a .tsv, .csv or .jsonl file, plain or gzipped.

    `text`, `second` and `label` are names of columns, which the first line of a .tsv or .csv gives, or keys
    of the objects of a .jsonl; without `second` texts are not paired. Classes are the labels of the train
    file, in the order of their letters, or `classes` where these are given; with `scored` labels are numbers.
    A .csv is quoted as RFC 4180 has it, and nothing is in a .tsv: a quotation mark there is a character.
    """

    train: str
    valid: str
    test: str
    text: str = "text"
    second: str | None = None
    label: str = "label"
    scored: bool = False
    classes: tuple[str, ...] = ()

    def __post_init__(self):
        super().__post_init__()
        self.require_filled("train", "valid", "test", "text", "label")
        for split in SPLITS:
            kind = Path(getattr(self, split).removesuffix(".gz")).suffix.lower()
            known(f"kind of file of LabelledFiles.{split}", kind, READERS)

    @property
    def paired(self) -> bool:
        """Whether two texts are classed together."""
        return self.second is not None

    @property
    def labels(self) -> tuple[str, ...]:
        """`classes`, or the labels of the train file; () where they are scores."""
        return (
            () if self.scored else self.classes or tuple(sorted({label for *_, label in self.rows("train")}))
        )

    def with_labels(self, labels: tuple[str, ...]) -> "LabelledFiles":
        """With these classes."""
        return dataclasses.replace(self, classes=() if self.scored else labels)

    def rows(self, split: str) -> tuple[Row, ...]:
        """The rows of the file of a split; ValueError where there is no such file."""
        path = folders.required(getattr(self, known_split(split)), f"LabelledFiles.{split}")
        return _rows(path, path.stat().st_mtime_ns, self.text, self.second, self.label)

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        """The rows of a split; with train the other files are looked at too."""
        if split == "train":  # what is wrong with the others is heard before the training, not after
            for other in SPLITS[1:]:
                self.items(other)
        target = self.score if self.scored else functools.partial(self.place, self.labels)
        return [
            Labelled(
                text, second if self.paired else None, target(label, f"{getattr(self, split)}, line {line}")
            )
            for line, text, second, label in self.rows(split)
        ]

    def place(self, labels: tuple[str, ...], label: str, where: str) -> int:
        """The number of a class; ValueError for one that the train file has not."""
        if label not in labels:
            told = f"not among the classes {listed(labels, 100)}; name all of them in task.corpus.classes"
            raise ValueError(f"{where}: label {label[:40]!r} is {told}")
        return labels.index(label)

    def score(self, label: str, where: str) -> float:
        """A label as a number; ValueError where it is none."""
        try:
            value = float(label)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ValueError(f"{where}: label {label[:40]!r} is no number, and LabelledFiles.scored is set")
        return value

    def protocol(self, split: str) -> str:
        """The path of the file."""
        return getattr(self, known_split(split))


@functools.lru_cache(maxsize=8)
def _rows(path: Path, modified: int, text: str, second: str | None, label: str) -> tuple[Row, ...]:
    """Read once a process, as all of labels, tokenizer and examples ask for it."""
    kind = Path(path.name.removesuffix(".gz")).suffix.lower()
    found = tuple(
        (line, *(composed(values[name].strip()) if name else "" for name in (text, second, label)))
        for line, values in READERS[kind](path, [name for name in (text, second, label) if name])
    )
    if not found:
        raise ValueError(f"{path}: there is no row in it")
    for line, *values in found:
        for name, value in zip((text, second, label), values, strict=True):
            if name and not value:
                raise ValueError(f"{path}, line {line}: {name!r} is empty; fill it or take the row out")
    return found


def columns(path: Path, names: list[str], **dialect) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, {name: value}) of each row of a file whose first line names its columns."""
    rows = csv_text.rows(path, strict=True, **dialect)
    _, head = next(rows, (1, []))
    places = {name: head.index(known(f"column of {path}", name, head)) for name in names}
    for line, row in rows:
        if len(row) != len(head):
            raise ValueError(f"{path}, line {line}: {len(row)} columns, and the first line names {len(head)}")
        yield line, {name: row[place] for name, place in places.items()}


def objects(path: Path, names: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, {name: value}) of each object of a file of JSON lines; a number is taken as text."""
    for line, text in enumerate(folders.read_lines(path), 1):
        if not text.strip():
            continue
        found = json_text.parse(text, where := f"{path}, line {line}")
        if not isinstance(found, dict):
            raise ValueError(f"{where}: not a JSON object")
        for name in names:
            if not isinstance(found.get(name), str | int | float):
                known(f"key of {where}:", name, found)
                raise ValueError(f"{where}: {name!r} is neither a text nor a number")
        yield line, {name: str(found[name]) for name in names}


READERS = {
    ".tsv": functools.partial(columns, delimiter="\t", quoting=csv.QUOTE_NONE),
    ".csv": columns,
    ".jsonl": objects,
}
