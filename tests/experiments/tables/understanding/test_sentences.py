"""From labelled sentences to a class said of a line: run, predict, and folds that are seeds."""

import dataclasses

import pytest

from data.corpora.sentiment import CrossValidated
from experiments.__main__ import main
from experiments.commands.ask.predict import sides
from experiments.tables.understanding import sentences
from train.parts import override

TINY = ("steps=2", "evaluate_every=1", "task.corpus.reviews.world=World(train=40, valid=8, test=8)")
TINY += ("model.encoder.embed_dim=4", "batches=Padded(tokens=64, shapes=1)")
TEXTS = ["The soup is never fresh.", "", "The room is warm."]


@pytest.fixture(scope="module")
def directory(as_children, tmp_path_factory):
    """A bag of words of a few numbers, trained for two steps."""
    folder = tmp_path_factory.mktemp("runs")
    command = ["run", "sentences", "--rows", "bag of words", "--seeds", "1", "--runs-dir", str(folder)]
    assert main([*command, *TINY]) == 0
    (directory,) = (folder / "sentences").glob("*/0")
    return directory


@pytest.fixture
def predict(lookback, directory):
    return lambda *options, stdin: lookback("predict", directory, *options, stdin=stdin.encode())


def test_a_line_has_its_likeliest_class_and_an_empty_one_none(predict):
    code, out, _ = predict(stdin="\n".join(TEXTS))
    first, second, third = out.removesuffix("\n").split("\n")
    assert code == 0 and second == ""
    for line in (first, third):
        label, share = line.split("\t")
        assert label in ("negative", "positive") and 0.5 <= float(share) <= 1.0
    code, out, _ = predict("--all", stdin=TEXTS[0] + "\n")
    label, share, other, rest = out.rstrip("\n").split("\t")
    assert f"{label}\t{share}" == first and {label, other} == {"negative", "positive"}
    assert float(share) + float(rest) == pytest.approx(1.0, abs=1e-3)


def test_a_label_behind_a_text_is_not_read_after_those_before_it(predict):
    code, out, err = predict(stdin=f"{TEXTS[0]}\nThe room is warm.\tpositive\n{TEXTS[2]}\n")
    assert code == 2 and len(out.splitlines()) == 1
    assert "stdin, line 2: this run reads one text, without a tab" in err


@pytest.mark.parametrize("line, texts", [("a b\tc", ("a b", "c")), (" \n", None)])
def test_a_run_on_pairs_reads_two_texts(line, texts):
    assert sides(line, 0, paired=True) == texts


@pytest.mark.parametrize("line", ["a b", "a\tb\tc", "a\t ", "\tb"])
def test_what_is_no_pair_is_told(line):
    with pytest.raises(ValueError, match="stdin, line 3: this run reads two texts with a tab between them"):
        sides(line, 2, paired=True)


def test_a_classifier_translates_nothing(lookback, directory):
    code, _, err = lookback("translate", directory, stdin=b"a\n")
    assert code == 2 and "is to translate, and task=Classification is no Translation: give another run" in err


def test_only_a_classifier_predicts(lookback, trained):
    code, _, err = lookback("predict", trained / "translation" / "lstm-additive" / "0", stdin=b"a\n")
    assert code == 2 and "is to class texts, and task=Translation is no Classification" in err


def test_the_seed_of_a_cross_validated_corpus_is_its_fold():
    run = override(sentences.TABLE.real.rows["CNN"], ["task.corpus=CrossValidated(name='SUBJ')"])
    assert run.of_seed(7).task.corpus == CrossValidated("SUBJ", fold=7) and run.of_seed(7).seed == 7
    with pytest.raises(ValueError, match="CrossValidated.fold takes int, .* at most 9, not 10"):
        run.of_seed(10)
    other = sentences.TABLE.rows["CNN"]
    assert other.of_seed(7) == dataclasses.replace(other, seed=7)


@pytest.mark.slow
def test_smoke_goes_through_rows_and_keeps_nothing(lookback, tmp_path):
    rows = ("majority", "bag of words", "CNN")
    code, out, _ = lookback("run", "sentences", "--rows", *rows, "--smoke", "--runs-dir", tmp_path / "runs")
    assert code == 0 and not (tmp_path / "runs").exists()
    lines = {line.split("|")[1].strip(): line for line in out.splitlines() if line.startswith("| ")}
    for row in rows:
        score, *_ = (cell.strip().strip("*") for cell in lines[row].split("|")[3:])
        assert 0 <= float(score) <= 100 and lines[row].split("|")[2].strip() == "1"


def test_a_classifier_is_judged_on_a_file_of_labelled_texts(directory, lookback, tmp_path):
    (tmp_path / "new.csv").write_text("text,label\nThe soup is fresh.,negative\nThe room is warm.,negative\n")
    code, out, err = lookback("evaluate", directory, "--on", tmp_path / "new.csv")
    metric, value, protocol = out.splitlines()[0].split("\t")
    assert (code, metric) == (0, "accuracy"), err
    said = [
        line.split("\t")[0]
        for line in lookback("predict", directory, stdin=b"The soup is fresh.\nThe room is warm.\n")[
            1
        ].splitlines()
    ]
    assert float(value) == 50 * said.count("negative") and f"corpus {tmp_path / 'new.csv'}" in protocol
    (tmp_path / "new.csv").write_text("text,label\nThe soup is fresh.,so-so\n")
    code, _, err = lookback("evaluate", directory, "--on", tmp_path / "new.csv")
    assert code == 2 and "new.csv, line 2: label 'so-so' is not among the classes negative, positive" in err
