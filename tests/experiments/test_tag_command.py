"""`lookback tag`: sentences in, words with their tags out, whatever the lines are."""

import dataclasses

import pytest

from experiments.tables.understanding.tagging import TABLE
from train.loop.training import train
from train.parts import override


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    """A run that takes no training: for each word the tag it has most often."""
    directory = tmp_path_factory.mktemp("runs") / "0"
    run = override(
        TABLE.rows["majority tag"], [*TABLE.smoke, "task.corpus.language=en", "task.corpus.unseen=0.0"]
    )
    train(dataclasses.replace(run, evaluators=()), directory)
    return directory


def test_a_word_and_its_tag_stand_on_a_line_and_a_blank_line_ends_a_sentence(lookback, run_dir):
    code, out, _ = lookback("tag", run_dir, stdin=b"Anna sings .\n\n  the  baker \nPaul")
    assert code == 0
    assert out == "Anna\tB-PER\nsings\tO\n.\tO\n\n\nthe\tO\nbaker\tO\n\nPaul\tB-PER\n\n"


def test_no_tag_depends_on_the_editor_that_wrote_a_text_and_other_spaces_are_part_of_a_word(
    lookback, run_dir
):
    text = "Anna sings .\n\nthe ba\u0308ker 2\u00a0000\n".encode()
    plain = lookback("tag", run_dir, stdin=text)
    assert plain[1].split("\n")[6:8] == ["bäker\tO", "2\u00a0000\tO"]
    for disguised in (b"\xef\xbb\xbf" + text, text.replace(b"\n", b"\r\n"), text.replace(b"\n", b"\r")):
        assert lookback("tag", run_dir, stdin=disguised) == plain


def test_a_line_that_is_no_text_is_named_after_those_before_it_are_tagged(lookback, run_dir):
    code, out, err = lookback("tag", run_dir, stdin=b"the baker\nthe bak\xe9r\n")
    assert (code, out) == (2, "the\tO\nbaker\tO\n\n") and "stdin, line 2: not UTF-8" in err


def test_a_sentence_that_is_too_long_is_tagged_in_parts(lookback, run_dir):
    code, out, _ = lookback("tag", run_dir, stdin=b"the baker sings " * 100)
    assert (code, out) == (0, "the\tO\nbaker\tO\nsings\tO\n" * 100 + "\n")


def test_a_word_that_is_unknown_is_told(lookback, run_dir):
    code, _, err = lookback("tag", run_dir, stdin=b"Anna xyzzy\n")
    assert (code, err) == (0, "lookback: 1 of 2 words is unknown to this run: xyzzy\n")
    assert lookback("tag", run_dir, stdin=b"Anna\n")[2] == ""
