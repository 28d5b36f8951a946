"""What comes by standard input is one text, whatever machine and editor wrote it."""

import os
import sys
import threading
import unicodedata
from pathlib import Path

import pytest

from experiments.command_line import stdin

TEXT = "the old bäcker\n\nsings é\u2028x\nfor us\n"
DISGUISES = {
    "byte-order mark": lambda text: "\ufeff" + text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "no last line end": lambda text: text.removesuffix("\n"),
    "all": lambda text: "\ufeff" + unicodedata.normalize("NFD", text).replace("\n", "\r\n"),
}
disguised = pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES)


@pytest.fixture
def pipe(monkeypatch):
    """pipe(text): standard input is a pipe into which the text comes in parts of seven bytes."""

    def fed(text):
        source, sink = os.pipe()

        def write():
            content = text.encode()
            with open(sink, "wb", buffering=0) as file:
                for start in range(0, len(content), 7):
                    file.write(content[start : start + 7])

        threading.Thread(target=write).start()
        monkeypatch.setattr(sys, "stdin", open(source, encoding="utf-8"))  # noqa: SIM115 (closed with the test)

    yield fed
    sys.stdin.close()


@disguised
def test_lines_are_those_that_were_written(disguise, pipe):
    pipe(disguise(TEXT))
    assert [line for lines in stdin.lines() for line in lines] == TEXT.split("\n")[:-1]


@disguised
def test_a_whole_text_is_what_was_written(disguise, pipe):
    pipe(disguise(TEXT))
    assert stdin.whole() == TEXT.removesuffix("\n")


def test_an_argument_is_text_from_outside_too():
    assert stdin.given(["cafe\u0301", "a\r\nb"], "--prompt") == ["café", "a\nb"]
    with pytest.raises(ValueError, match=r"--prompt: 'caf\\udce9' is not UTF-8"):
        stdin.given(["ok", "caf\udce9"], "--prompt")


def test_no_command_reads_standard_input_by_itself():
    sources = Path(stdin.__file__).with_name("commands").rglob("*.py")
    assert [path for path in sources if "sys.stdin" in path.read_text(encoding="utf-8")] == []
