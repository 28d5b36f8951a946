"""A trained run on a new test set: the same numbers on the same data, in every way that it can be given."""

import pytest

LINES = ("source", "reference")


def scores(out: str) -> dict[str, tuple[float, str]]:
    """{metric: (value, protocol)} of what the command printed."""
    rows = [line.split("\t") for line in out.splitlines()]
    return {metric: (float(value), protocol) for metric, value, protocol in rows}


@pytest.fixture(scope="module")
def own(trained):
    """What the run said of its own test split, and its sentences."""
    from train.folder.record import read

    record = read(trained / "translation" / "lstm-additive" / "0")
    return record.results["BLEU", "test"].value, [record.output("test", side) for side in LINES]


def test_the_same_sentences_as_files_score_the_same(trained, own, lookback, tmp_path):
    value, sides = own
    for language, texts in zip(("en", "de"), sides, strict=True):
        (tmp_path / f"new.{language}").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    directory = str(trained / "translation" / "lstm-additive" / "0")
    before = sorted(trained.rglob("*"))
    prefix = str(tmp_path / "new")
    for files in ([prefix], [f"{prefix}.en", f"{prefix}.de"]):
        code, out, err = lookback("evaluate", directory, "--on", *files)
        assert code == 0, err
        found, protocol = scores(out)["BLEU"]
        assert found == pytest.approx(value, abs=1e-4)
        assert (
            f"corpus {prefix} en-de" in protocol and "signature nrefs:1" in protocol and "beam 2" in protocol
        )
    code, out, _ = lookback("evaluate", directory, "--on", prefix, "evaluators.Bleu.search.beam=1")
    assert code == 0 and "decoding greedy" in scores(out)["BLEU"][1]
    assert sorted(trained.rglob("*")) == before


def test_answers_are_kept_where_asked(trained, own, lookback, tmp_path):
    directory = str(trained / "translation" / "lstm-additive" / "0")
    world = "Generated(world=World(train=60, valid=8, test=3, depth=0, distance=0, ambiguity=0))"
    code, _, err = lookback("evaluate", directory, "--corpus", world, "--out", str(tmp_path / "kept"))
    assert code == 0, err
    kept = {path.name for path in (tmp_path / "kept").rglob("*") if path.is_file()}
    assert any("hypothesis" in name for name in kept)


MISTAKES = {
    "no file": (["--on", "nowhere/new"], "there is no file nowhere/new.en for the test split"),
    "three files": (["--on", "a.en", "a.de", "a.fr"], "a test set is PREFIX.en and PREFIX.de"),
    "other languages": (["--on", "a.fr", "a.de"], "a test set is PREFIX.en and PREFIX.de"),
    "another role": (["--corpus", "WikiText2()"], "Translation.corpus takes ParallelCorpus, not WikiText2"),
    "nothing": ([], "one of the arguments --on --corpus is required"),
}


@pytest.mark.parametrize("words, message", MISTAKES.values(), ids=MISTAKES)
def test_a_test_set_that_is_none_is_told_in_one_line(trained, lookback, words, message):
    directory = str(trained / "translation" / "lstm-additive" / "0")
    code, out, err = lookback("evaluate", directory, *words)
    assert code == 2 and message in err and not out
    assert not words or len(err.strip().splitlines()) == 1
