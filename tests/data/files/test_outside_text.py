"""A text is one text, however an editor ends its lines, marks its beginning and spells its accents."""

import unicodedata

import numpy as np
import pytest

from data.corpora.parallel import Files
from data.corpora.tags import TagFiles
from data.corpora.text import TextFiles
from data.files import folders, vectors
from data.files.outside_text import lines_of, plain

TEXT = "Bäcker é\u2028x\n\n naïve\u00a0y \ncafé\n"
DISGUISES = {
    "byte-order mark": lambda text: "\ufeff" + text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CRCRLF": lambda text: text.replace("\n", "\r\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "all": lambda text: "\ufeff" + unicodedata.normalize("NFD", text).replace("\n", "\r\n"),
}
disguised = pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES)


@disguised
def test_a_text_is_what_was_written(disguise):
    assert plain(disguise(TEXT)) == TEXT and lines_of(plain(disguise(TEXT))) == TEXT.split("\n")[:-1]


@disguised
def test_every_corpus_of_a_users_own_files_reads_the_same(disguise, tmp_path):
    found = {}
    for name, form in (("plain", str), ("disguised", disguise)):
        folder = tmp_path / name
        folder.mkdir()

        def put(file, text, folder=folder, form=form):
            (folder / file).write_bytes(form(text).encode())
            return str(folder / file)

        put("a.txt", TEXT * 9), put("b.txt", TEXT)
        splits = {split: str(folder / split) for split in ("train", "valid", "test")}
        for split in splits:
            put(f"{split}.en", "café\nbar\n"), put(f"{split}.de", "Bäcker\nBar\n")
        words = put("words.conll", "Bäcker B-PER\n\nCafé O\nWien B-LOC\n")
        tags = TagFiles(words, words, words)
        table = vectors.read(put("a.vec", "2 2\ncafé 1 2\nbär 3 4\n"))
        found[name] = (
            [TextFiles(str(folder)).text(split) for split in splits],
            TextFiles(str(folder / "a.txt")).documents("train"),
            Files(**splits).pairs("test", "en", "de"),
            tags.items("train"),
            tags.labels,
            [np.array(part).tolist() for part in table],
            folders.read_lines(put("lines", "bar\nx\n")),
        )
    assert found["disguised"] == found["plain"]


def test_the_mark_of_a_file_that_was_joined_to_another_is_no_text():
    assert plain("\ufeffa\r\n\ufeffb\n") == "a\nb\n"


def test_utf_16_is_called_so(tmp_path):
    (tmp_path / "a.txt").write_bytes("Bär\n".encode("utf-16"))
    with pytest.raises(ValueError, match="a.txt, line 1: not UTF-8 but UTF-16; convert the file"):
        TextFiles(str(tmp_path / "a.txt")).text("train")
