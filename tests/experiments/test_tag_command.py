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


@pytest.fixture(scope="module")
def judged_run(tmp_path_factory):
    """The same with its evaluators, and what they said."""
    directory = tmp_path_factory.mktemp("judged") / "0"
    run = override(TABLE.rows["majority tag"], [*TABLE.smoke, "task.corpus.unseen=0.0"])
    train(run, directory)
    return directory


@pytest.mark.parametrize("scheme", ["iob1", "iob2", "bioes"])
def test_the_same_sentences_in_a_file_of_any_scheme_score_the_same(judged_run, lookback, tmp_path, scheme):
    from data.items.entity_tags import converted
    from train.folder.claim import read as run_of
    from train.folder.record import read

    run, _ = run_of(judged_run)
    lines = [
        "".join(
            f"{word} x {tag}\n" for word, tag in zip(item.words, converted(item.tags, scheme), strict=True)
        )
        for item in run.task.labelled("test")
    ]
    (tmp_path / "test.conll").write_text("\n".join(lines), encoding="utf-8")
    code, out, err = lookback("evaluate", str(judged_run), "--on", str(tmp_path / "test.conll"))
    assert code == 0, err
    found = {line.split("\t")[0]: float(line.split("\t")[1]) for line in out.splitlines()}
    own = {
        metric: score.value for (metric, name), score in read(judged_run).results.items() if name == "test"
    }
    assert {"F1", "accuracy"} & found.keys() and found == pytest.approx(
        {metric: own[metric] for metric in found}, abs=1e-4, nan_ok=True
    )


def test_a_tag_that_the_run_does_not_know_is_told_with_its_line(judged_run, lookback, tmp_path):
    (tmp_path / "test.conll").write_text("Anna B-PER\nsings B-VERB\n")
    code, _, err = lookback("evaluate", str(judged_run), "--on", str(tmp_path / "test.conll"))
    assert code == 2 and "test.conll, line 2: unknown tag 'B-VERB'" in err and "trained on" in err
    assert len(err.splitlines()) == 1
    code, _, err = lookback("evaluate", str(judged_run), "--on", "a", "b")
    assert code == 2 and "tagged sentences are one file, not 2" in err
