"""The nine tasks of GLUE and its diagnostic set in their usual files -- Wang et al. 2019.

    glue_data/RTE/{train,dev,test}.tsv     index, two texts, label; quotes are plain characters

Gold answers of test are hidden: what a model says of it goes to gluebenchmark.com as a file of its own,
`submission`. MRPC's are known, and are read where its original msr_paraphrase_test.txt lies beside.
"""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from data.files import folders
from data.items.corpus import LabelledCorpus
from data.items.labelled import Labelled
from data.splits import known_split, usual

SOURCE = "https://gluebenchmark.com/tasks"


class Columns(NamedTuple):
    """A task: its classes as the files name them (none: scores), its texts' and answer's columns, metrics.

    `metrics` are those of the benchmark by the names of our evaluators. `headless` are the columns of files
    without a header line. At most `torn` lines of train or dev may lack a column, and are left out.
    """

    labels: tuple[str, ...]
    texts: tuple[str, ...]
    answer: str
    metrics: tuple[str, ...]
    folder: str = ""
    suffix: str = ""
    headless: tuple[str, ...] = ()
    torn: int = 0


PAIR = ("sentence1", "sentence2")
TWO, THREE = ("entailment", "not_entailment"), ("entailment", "neutral", "contradiction")
MNLI = Columns(THREE, PAIR, "gold_label", ("accuracy",), "MNLI")

TASKS = {
    "CoLA": Columns(
        ("0", "1"), ("sentence",), "label", ("Matthews",), headless=("source", "label", "mark", "sentence")
    ),
    "SST-2": Columns(("0", "1"), ("sentence",), "label", ("accuracy",)),
    "MRPC": Columns(("0", "1"), ("#1 String", "#2 String"), "Quality", ("F1", "accuracy")),
    "STS-B": Columns((), PAIR, "score", ("Spearman", "Pearson")),
    # Of the published files 24 lines of train and 1 of dev break off, and some question may be empty.
    "QQP": Columns(("0", "1"), ("question1", "question2"), "is_duplicate", ("F1", "accuracy"), torn=24),
    "MNLI-m": MNLI._replace(suffix="_matched"),
    "MNLI-mm": MNLI._replace(suffix="_mismatched"),
    "QNLI": Columns(TWO, ("question", "sentence"), "label", ("accuracy",)),
    "RTE": Columns(TWO, PAIR, "label", ("accuracy",)),
    "WNLI": Columns(("0", "1"), PAIR, "label", ("accuracy",)),
    "AX": Columns(THREE, PAIR, "label", ("Matthews",), "diagnostic"),
}


@dataclasses.dataclass(frozen=True)
class Glue(LabelledCorpus):
    """One task by its name; MNLI-m and MNLI-mm share their training set and differ in what is tested.

    Items of train / valid / test:
        CoLA     8,551 / 1,043 / 1,063       is the sentence acceptable?
        SST-2   67,349 /   872 / 1,821       is the phrase of a film review positive?
        MRPC     3,668 /   408 / 1,725       do both sentences say the same?
        STS-B    5,749 / 1,500 / 1,379       how much of the same do they say, from 0 to 5?
        QQP    363,846 / 40,430 / 390,965    do both ask the same?
        MNLI-m 392,702 / 9,815 / 9,796       does the first entail or contradict the second? genres of train
        MNLI-mm     "  / 9,832 / 9,847       the same of other genres
        QNLI   104,743 / 5,463 / 5,463       does the sentence answer the question?
        RTE      2,490 /   277 / 3,000       does the first entail the second?
        WNLI       635 /    71 / 146         is it so, of the one whom the pronoun is taken to mean?
        AX           - / - / 1,104           the diagnostic set, for a model of MNLI; test only
    """

    name: Literal[*TASKS] = "RTE"

    @property
    def columns(self) -> Columns:
        """What is known of the task."""
        return TASKS[self.name]

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes as the files name them, () where answers are scores."""
        return self.columns.labels

    @property
    def metrics(self) -> tuple[str, ...]:
        """What the benchmark measures, by the names of our evaluators."""
        return self.columns.metrics

    @property
    def scored(self) -> bool:
        """Whether answers are scores."""
        return not self.labels

    @property
    def paired(self) -> bool:
        """Whether an item has two texts."""
        return len(self.columns.texts) == 2

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        """The items of a split; what is hidden has None for a target."""
        columns, path = self.columns, self.path(split, data_dir)
        header, rows = table(path, columns, torn=0 if split == "test" else columns.torn)
        answered = split != "test" or columns.answer in header
        wanted = (*columns.texts, columns.answer) if answered else columns.texts
        if absent := [name for name in wanted if name not in header]:
            raise ValueError(f"{path}, line 1: no column {absent[0]!r}, but {', '.join(map(repr, header))}")
        found = []
        for number, row in rows:
            first, *second = (row[name].strip() for name in columns.texts)
            if "" in (first, *second) and not columns.torn:
                raise ValueError(f"{path}, line {number}: an empty text, but {self.name} has {columns.texts}")
            target = self.target(row[columns.answer], f"{path}, line {number}") if answered else None
            found.append(Labelled(first, second[0] if second else None, target))
        return found

    def path(self, split: str, data_dir: str | None = None) -> Path:
        """The file of a split; ValueError where there is none, or where AX has no such split."""
        folder = f"glue_data/{self.columns.folder or self.name}"
        name = usual(split)
        if self.name == "AX":
            known_split(split, ("test",), f"AX has no {split} split: it is there to test a model of MNLI")
            name = "diagnostic"
        if self.name == "MRPC" and split == "test":
            original = folders.find(f"{folder}/msr_paraphrase_test.txt", data_dir)
            if original:
                return original
        suffix = self.columns.suffix if split != "train" else ""
        return folders.located(f"{folder}/{name}{suffix}.tsv", SOURCE, data_dir)

    def target(self, answer: str, where: str) -> int | float:
        """The class or the score of an answer in a file; ValueError names the place, `where`."""
        if self.labels:
            if answer in self.labels:
                return self.labels.index(answer)
            raise ValueError(
                f"{where}: the answer is {answer[:40]!r}, but one of {', '.join(self.labels)} is due"
            )
        try:
            score = float(answer)
        except ValueError:
            score = math.nan
        if 0 <= score <= 5:
            return score
        raise ValueError(f"{where}: the score is {answer[:40]!r}, but a number from 0 to 5 is due")

    def protocol(self, split: str) -> str:
        """GLUE TASK SPLIT, valid as dev."""
        return f"GLUE {self.name} {usual(split)}"

    def submission(self, predicted: Sequence[int | float]) -> str:
        """The file NAME.tsv that the benchmark takes: a line `index<TAB>prediction` for each item of test.

        Classes by their names in the task's own files; scores within 0 to 5 and with three decimals.
        """
        shown = [self.labels[one] if self.labels else f"{min(max(one, 0.0), 5.0):.3f}" for one in predicted]
        return "index\tprediction\n" + "".join(f"{index}\t{one}\n" for index, one in enumerate(shown))


def table(path: Path, columns: Columns, torn: int) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """The names of a file's columns, and its lines by number and column, but for `torn` broken ones."""
    lines = folders.read_lines(path)
    header = lines[0].split("\t") if lines else []
    named = not columns.headless or set(columns.texts) <= set(header)
    header = header if named else list(columns.headless)
    rows = []
    for number, line in enumerate(lines[named:], 1 + named):
        fields = line.split("\t")
        if len(fields) == len(header):
            rows.append((number, dict(zip(header, fields, strict=True))))
        elif torn:
            torn -= 1
        else:
            expected = f"{len(header)} columns are due: {', '.join(header)}"
            raise ValueError(f"{path}, line {number}: {len(fields)} columns, but {expected}")
    return header, rows
