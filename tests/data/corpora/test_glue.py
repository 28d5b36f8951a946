"""GLUE's tasks in their usual layouts, what is wrong in a file, and the files that the benchmark takes."""

import gzip

import pytest

from data.corpora.glue import TASKS, Glue
from data.items.labelled import Labelled
from data.splits import SPLITS

MNLI = "index\tpromptID\tpairID\tsentence1_binary_parse\tsentence1\tsentence2\tlabel1\tgold_label\n"
SIZES = {
    "SST-2": (67_349, 872, 1_821),
    "MRPC": (3_668, 408, 1_725),
    "STS-B": (5_749, 1_500, 1_379),
    "RTE": (2_490, 277, 3_000),
    "WNLI": (635, 71, 146),
    "QNLI": (None, 5_463, 5_463),  # its train file is not among ours
    "AX": (None, None, 1_104),
}


@pytest.fixture(autouse=True)
def no_other_data(monkeypatch, tmp_path):
    monkeypatch.delenv("LOOKBACK_DATA", raising=False)
    monkeypatch.setenv("LOOKBACK_CACHE", str(tmp_path / "cache"))


def write(folder, path, text):
    (folder / "glue_data" / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / "glue_data" / path).write_bytes(text.encode())


def test_cola_has_a_header_in_test_alone(tmp_path):
    write(tmp_path, "CoLA/dev.tsv", 'gj04\t1\t\tOur "friends" left.\ngj04\t0\t*\tLeft our friends.\n')
    write(tmp_path, "CoLA/test.tsv", "index\tsentence\n0\tBill pushed it.\n")
    assert Glue("CoLA").items("valid", tmp_path) == [
        Labelled('Our "friends" left.', None, 1),
        Labelled("Left our friends.", None, 0),
    ]
    assert Glue("CoLA").items("test", tmp_path) == [Labelled("Bill pushed it.", None, None)]


def test_a_byte_order_mark_windows_lines_and_lone_quotes_are_no_part_of_a_text(tmp_path):
    header = "\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n"
    write(tmp_path, "MRPC/train.tsv", header + '1\t7\t8\t" Yes , he said .\tHe said " yes .\r\n')
    assert Glue("MRPC").items("train", tmp_path) == [Labelled('" Yes , he said .', 'He said " yes .', 1)]


def test_mnli_takes_the_gold_label_and_both_its_dev_sets(tmp_path):
    for name, label in (("dev_matched", "neutral"), ("dev_mismatched", "contradiction")):
        write(tmp_path, f"MNLI/{name}.tsv", MNLI + f"0\t1\t2\t( a )\tA b.\tC d.\tentailment\t{label}\n")
    write(tmp_path, "MNLI/train.tsv", MNLI + "0\t1\t2\t( a )\tE f.\tG h.\tneutral\tentailment\n")
    assert [Glue(name).items("valid", tmp_path) for name in ("MNLI-m", "MNLI-mm")] == [
        [Labelled("A b.", "C d.", 1)],
        [Labelled("A b.", "C d.", 2)],
    ]
    assert Glue("MNLI-m").items("train", tmp_path) == Glue("MNLI-mm").items("train", tmp_path)


def test_as_many_lines_of_qqp_may_break_off_as_the_published_file_has_and_none_of_test(tmp_path):
    header, row, broken = (
        "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n",
        "0\t1\t2\ta\tb\t1\n",
        "0\t1\ta\n",
    )
    write(tmp_path, "QQP/train.tsv", header + broken * 24 + row)
    assert Glue("QQP").items("train", tmp_path) == [Labelled("a", "b", 1)]
    write(tmp_path, "QQP/train.tsv", header + broken * 25 + row)
    with pytest.raises(ValueError, match=r"train\.tsv, line 26: 3 columns, but 6 columns are due: id, qid1"):
        Glue("QQP").items("train", tmp_path)
    write(tmp_path, "QQP/test.tsv", "id\tquestion1\tquestion2\n0\ta\tb\n1\tc\n")
    with pytest.raises(ValueError, match=r"test\.tsv, line 3: 2 columns"):
        Glue("QQP").items("test", tmp_path)


@pytest.mark.parametrize(
    ("name", "row", "message"),
    [
        ("RTE", "0\ta\tb", r"train\.tsv, line 3: 3 columns, but 4 columns are due: index, sentence1"),
        (
            "RTE",
            "0\ta\tb\tmaybe",
            r"line 3: the answer is 'maybe', but one of entailment, not_entailment is due",
        ),
        ("RTE", "0\ta\t \tentailment", "line 3: an empty text"),
        ("STS-B", "0\ta\tb\t5.1", r"line 3: the score is '5.1', but a number from 0 to 5 is due"),
        ("STS-B", "0\ta\tb\t-0.1", "line 3: the score is '-0.1'"),
        ("STS-B", "0\ta\tb\thigh", "line 3: the score is 'high'"),
        ("STS-B", "0\ta\tb\tnan", "line 3: the score is 'nan'"),
    ],
)
def test_a_malformed_line_is_told_by_its_file_number_and_what_is_due(tmp_path, name, row, message):
    good = "0\ta\tb\t" + ("entailment" if name == "RTE" else "2.500")
    answer = "label" if name == "RTE" else "score"
    write(tmp_path, f"{name}/train.tsv", f"index\tsentence1\tsentence2\t{answer}\n{good}\n{row}\n")
    with pytest.raises(ValueError, match=message):
        Glue(name).items("train", tmp_path)


def test_a_missing_file_or_column_or_name_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"glue_data/QNLI/train\.tsv is missing .*gluebenchmark\.com"):
        Glue("QNLI").items("train", tmp_path)
    write(tmp_path, "RTE/dev.tsv", "index\tsentence1\tsentence2\n0\ta\tb\n")
    with pytest.raises(ValueError, match=r"dev\.tsv, line 1: no column 'label'"):
        Glue("RTE").items("valid", tmp_path)
    write(tmp_path, "SST-2/dev.tsv", "")
    with pytest.raises(ValueError, match=r"dev\.tsv, line 1: no column 'sentence'"):
        Glue("SST-2").items("valid", tmp_path)
    with pytest.raises(ValueError, match="Glue.name takes one of .*, MNLI-m, MNLI-mm, .* not 'MNLI'"):
        Glue("MNLI")
    with pytest.raises(ValueError, match="AX has no valid split"):
        Glue("AX").items("valid")


def test_submissions_are_as_the_benchmark_takes_them():
    assert Glue("RTE").submission([1, 0]) == "index\tprediction\n0\tnot_entailment\n1\tentailment\n"
    assert Glue("SST-2").submission([1]) == "index\tprediction\n0\t1\n"
    assert (
        Glue("STS-B").submission([3.14159, 5.2, -1.0]) == "index\tprediction\n0\t3.142\n1\t5.000\n2\t0.000\n"
    )
    assert Glue("AX").submission([2]) == "index\tprediction\n0\tcontradiction\n"


def test_each_task_knows_what_it_is():
    assert {name for name in TASKS if not Glue(name).paired} == {"CoLA", "SST-2"}
    assert {name for name in TASKS if Glue(name).scored} == {"STS-B"}
    assert Glue("QQP").metrics == Glue("MRPC").metrics == ("F1", "accuracy")
    assert Glue("MNLI-mm").protocol("valid") == "GLUE MNLI-mm dev"


@pytest.mark.parametrize("name", SIZES)
def test_the_published_sizes(data_dir, name):
    for split, size in zip(SPLITS, SIZES[name], strict=True):
        if size:
            items = Glue(name).items(split, data_dir)
            assert len(items) == size
            assert all((item.target is None) == (split == "test" and name != "MRPC") for item in items)


def test_the_true_answers_of_mrpc_are_in_the_order_of_its_test_file(data_dir, tmp_path):
    hidden = gzip.decompress((data_dir / "glue_data/MRPC/test.tsv.gz").read_bytes()).decode()
    write(tmp_path, "MRPC/test.tsv", hidden)
    known, blind = Glue("MRPC").items("test", data_dir), Glue("MRPC").items("test", tmp_path)
    assert [item[:2] for item in known] == [item[:2] for item in blind]
    assert {item.target for item in known} == {0, 1} and {item.target for item in blind} == {None}
