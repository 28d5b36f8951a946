"""A user's own labelled rows: the same items from every format, and mistakes by file and line."""

import gzip
import json
from unicodedata import normalize

import pytest

from data.corpora.labelled_files import LabelledFiles
from data.items.labelled import Labelled

ROWS = [
    ("A gripping film", 'It holds, you say "so".', "good"),
    ("Dull", "Über\u2028lang", "bad"),
    ("So-so", "Well", "bad"),
]


def write(folder, kind: str, rows=ROWS, names=("id", "review", "reply", "verdict")) -> dict[str, str]:
    """{split: path} of files with these rows."""
    rows = [(str(place), *row) for place, row in enumerate(rows)]
    if kind == "jsonl":
        lines = [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in rows]
    elif kind == "csv":
        quoted = lambda text: '"' + text.replace('"', '""') + '"'
        lines = [",".join(map(quoted, row)) for row in [names, *rows]]
    else:
        lines = ["\t".join(row) for row in [names, *rows]]
    for split in ("train", "valid", "test"):
        (folder / f"{split}.{kind}").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {split: str(folder / f"{split}.{kind}") for split in ("train", "valid", "test")}


def corpus(paths, **fields) -> LabelledFiles:
    return LabelledFiles(**paths, **{"text": "review", "label": "verdict"} | fields)


@pytest.mark.parametrize("kind", ["tsv", "csv", "jsonl"])
def test_every_format_gives_the_same_items(tmp_path, kind):
    paths = write(tmp_path, kind)
    assert corpus(paths).labels == ("bad", "good") and not corpus(paths).paired
    assert corpus(paths).items("train")[0] == Labelled("A gripping film", None, 1)
    paired = corpus(paths, second="reply")
    assert paired.paired and paired.items("test") == [
        Labelled(first, second, int(label == "good")) for first, second, label in ROWS
    ]


@pytest.mark.parametrize("kind", ["tsv", "csv", "jsonl"])
def test_an_accent_is_one_letter_however_it_is_spelled(tmp_path, kind):
    rows = [("Très bien", "x", "né"), ("Café", "y", "bad")]
    paths = write(tmp_path, kind, rows)
    expected = corpus(paths).items("test")
    for split in ("valid", "test"):
        apart = [tuple(normalize("NFD", text) for text in row) for row in rows]
        (tmp_path / split).mkdir()
        paths[split] = write(tmp_path / split, kind, apart)[split]
    assert corpus(paths).items("test") == corpus(paths).items("valid") == expected


def test_a_byte_order_mark_line_ends_and_gzip_change_nothing(tmp_path):
    paths = write(tmp_path, "csv")
    expected = corpus(paths).items("train")
    text = (tmp_path / "train.csv").read_text(encoding="utf-8")
    (tmp_path / "train.csv").unlink()
    with gzip.open(tmp_path / "train.csv.gz", "wb") as file:
        file.write(("\ufeff" + text.replace("\n", "\r\n")).encode())
    assert corpus(paths).items("train") == expected


def test_labels_may_be_scores(tmp_path):
    paths = write(tmp_path, "jsonl", [("a", "b", "2.5"), ("c", "d", "-1")])
    scored = corpus(paths, scored=True)
    assert scored.labels == () and [item.target for item in scored.items("valid")] == [2.5, -1.0]
    with pytest.raises(
        ValueError, match="line 2: label 'good' is no number, and LabelledFiles.scored is set"
    ):
        corpus(write(tmp_path, "csv"), scored=True).items("test")


def test_numbers_of_json_are_labels_as_they_are_written(tmp_path):
    paths = write(tmp_path, "jsonl")
    for path in paths.values():
        lines = [json.dumps({"review": "x", "verdict": number}) for number in (1, 0, 1)]
        open(path, "w").write("\n".join(lines))
    assert corpus(paths).labels == ("0", "1")


MISTAKES = {
    "no file": (
        lambda folder: (folder / "test.tsv").unlink(),
        "LabelledFiles.test: there is no file .*test.tsv",
    ),
    "no column": (
        lambda folder: (folder / "test.tsv").write_text("reveiw\tverdict\nx\tgood\n"),
        "unknown column of .*test.tsv 'review': choose from reveiw, verdict; did you mean 'reveiw'",
    ),
    "new label": (
        lambda folder: (folder / "test.tsv").write_text("review\tverdict\nx\tgood\ny\tgodo\n"),
        "test.tsv, line 3: label 'godo' is not among the classes bad, good",
    ),
    "few columns": (
        lambda folder: (folder / "valid.tsv").write_text("review\tverdict\nx\n"),
        "valid.tsv, line 2: 1 columns, and the first line names 2",
    ),
    "empty": (lambda folder: (folder / "valid.tsv").write_text("review\tverdict\n"), "there is no row in it"),
    "blank text": (
        lambda folder: (folder / "valid.tsv").write_text("review\tverdict\n \tgood\n"),
        "valid.tsv, line 2: 'review' is empty",
    ),
    "not UTF-8": (
        lambda folder: (folder / "valid.tsv").write_bytes(b"review\tverdict\n\xff\tgood\n"),
        "valid.tsv, line 2: not UTF-8",
    ),
}


@pytest.mark.parametrize("spoil, message", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_by_file_and_line_before_training(tmp_path, spoil, message):
    paths = write(tmp_path, "tsv")
    spoil(tmp_path)
    with pytest.raises(ValueError, match=message) as error:
        corpus(paths).items("train")
    assert "\n" not in str(error.value) and len(str(error.value)) < 300


BROKEN = {
    "csv": ('review,verdict\n"open,good\n', "valid.csv, line 2: not a row of values .unexpected end of data"),
    "jsonl": ('{"review": "x", "verdict": "good"}\n["x"]\n', "valid.jsonl, line 2: not a JSON object"),
    "deep": ("[" * 100_000 + "\n", "valid.jsonl, line 1: not read, as its JSON is nested too deeply"),
    "key": ('{"review": "x"}\n', "unknown key of .*valid.jsonl, line 1: 'verdict': choose from review"),
    "null": ('{"review": "x", "verdict": null}\n', "line 1: 'verdict' is neither a text nor a number"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_told_likewise(tmp_path, name):
    text, message = BROKEN[name]
    kind = "csv" if name == "csv" else "jsonl"
    paths = write(tmp_path, kind)
    (tmp_path / f"valid.{kind}").write_text(text)
    with pytest.raises(ValueError, match=message):
        corpus(paths).items("train")


def test_another_kind_of_file_is_refused_at_once():
    with pytest.raises(
        ValueError, match="unknown kind of file of LabelledFiles.train '.xlsx': choose from .tsv"
    ):
        LabelledFiles("a.xlsx", "b.csv", "c.csv")
