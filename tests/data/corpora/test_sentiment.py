"""Sentences with classes: the published counts, trees node by node, folds that share no sentence."""

import gzip
import zipfile

import pytest

from data.corpora.sentiment import TREC, CrossValidated, StanfordSentiment, nodes
from data.splits import SPLITS


@pytest.fixture(autouse=True)
def no_other_data(monkeypatch, tmp_path):
    monkeypatch.delenv("LOOKBACK_DATA", raising=False)
    monkeypatch.setenv("LOOKBACK_CACHE", str(tmp_path / "cache"))


def treebank(folder, train, dev="(2 x)", test="(2 x)"):
    archive = folder / "sst" / "trainDevTestTrees_PTB.zip"
    archive.parent.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, trees in (("train", train), ("dev", dev), ("test", test)):
            zipped.writestr(f"trees/{name}.txt", trees)
    return folder


def test_a_tree_gives_every_node_with_its_class_and_the_root_last():
    tree = r"(1 (2 (2 A) (3 gem)) (0 (2 -LRB-) (1 not\/never)))"
    assert nodes(tree, "here") == [
        (2, "A"),
        (3, "gem"),
        (2, "A gem"),
        (2, "("),
        (1, "not/never"),
        (0, "( not/never"),
        (1, "A gem ( not/never"),
    ]


@pytest.mark.parametrize(
    "tree", ["", "(2 a", "(2 a))", "(5 a)", "(2 (3 a) (2 ))", "2 a", "(2 a) (2 b)", "((2 a))", "(2 a) b"]
)
def test_a_broken_tree_is_refused_with_its_file_and_line(tmp_path, tree):
    with pytest.raises(ValueError, match=r"train\.txt, line 2: "):
        StanfordSentiment().items("train", treebank(tmp_path, f"(2 a)\n{tree}\n(2 b)\n"))


def test_two_classes_leave_neutral_out_and_phrases_join_train_alone(tmp_path):
    trees = "(4 (2 very) (3 good))\n(2 (2 very) (2 plain))\n(0 (2 very) (0 bad))\n"
    folder = treebank(tmp_path, trees, dev=trees, test=trees)
    assert [item[::2] for item in StanfordSentiment().items("test", folder)] == [
        ("very good", 4),
        ("very plain", 2),
        ("very bad", 0),
    ]
    for split in ("valid", "test"):
        kept = StanfordSentiment(classes=2, phrases=True).items(split, folder)
        assert [item[::2] for item in kept] == [("very good", 1), ("very bad", 0)]
    every = StanfordSentiment(phrases=True).items("train", folder)
    assert sorted(item.first for item in every) == sorted(
        ["very", "good", "very good", "plain", "very plain", "bad", "very bad"]
    )
    assert {item.first: item.target for item in every}["bad"] == 0
    assert len(StanfordSentiment(classes=2, phrases=True).items("train", folder)) == 4


def test_every_sentence_is_tested_in_one_fold_and_what_is_said_twice_stays_together(tmp_path):
    folder = tmp_path / "sent-conv" / "raw"
    folder.mkdir(parents=True)
    good = [f"good film number {number}" for number in range(200)]
    (folder / "rt-polarity.pos").write_bytes("\n".join([*good, "", "un caf\xe9"]).encode("latin-1"))
    (folder / "rt-polarity.neg.gz").write_bytes(gzip.compress("\n".join(["twice"] * 2).encode()))
    tested = []
    for fold in range(10):
        parts = {split: CrossValidated("MR", fold).items(split, tmp_path) for split in SPLITS}
        texts = [{item.first for item in parts[split]} for split in SPLITS]
        assert sum(map(len, parts.values())) == 203  # the empty line is none of them
        assert not (texts[0] & texts[1] or texts[0] & texts[2] or texts[1] & texts[2])
        tested += parts["test"]
        assert len(parts["train"]) > 6 * len(parts["valid"]) > 0
    assert sorted(item.first for item in tested) == sorted([*good, "un caf\xe9", "twice", "twice"])
    assert {item.first: item.target for item in tested}["twice"] == 0


def test_trec_cuts_valid_out_of_train_and_knows_both_grains(tmp_path):
    folder = tmp_path / "TREC"
    folder.mkdir()
    lines = [f"NUM:date When was it , number {number} ?" for number in range(100)]
    (folder / "train_5500.label").write_text("\n".join(lines), encoding="latin-1")
    (folder / "TREC_10.label").write_text("HUM:ind Who ?\nLOC:other Where ?\n")
    train, valid = (TREC().items(split, tmp_path) for split in ("train", "valid"))
    assert len(train) + len(valid) == 100 and 2 < len(valid) < 30
    assert {item.target for item in train} == {TREC().labels.index("NUM")}
    assert len(TREC(fine=True).labels) == 50
    fine = [TREC(fine=True).labels[item.target] for item in TREC(fine=True).items("test", tmp_path)]
    assert fine == ["HUM:ind", "LOC:other"]
    (folder / "TREC_10.label").write_text("HUM:ind Who ?\n\nLOC:other Where ?\n")
    with pytest.raises(ValueError, match=r"TREC_10\.label, line 2: "):
        TREC().items("test", tmp_path)


def test_unknown_names_are_refused():
    for wrong in (
        lambda: StanfordSentiment(classes=3),
        lambda: CrossValidated("MRR"),
        lambda: CrossValidated(fold=10),
        lambda: StanfordSentiment().items("dev"),
        lambda: CrossValidated().items("dev"),
        lambda: TREC().items("dev"),
    ):
        with pytest.raises(ValueError):
            wrong()


@pytest.mark.parametrize(
    ("classes", "sizes"), [(5, [8544, 1101, 2210]), (2, [6920, 872, 1821])], ids=["SST-5", "SST-2"]
)
def test_the_treebank_has_its_published_sizes(data_dir, classes, sizes):
    assert [len(StanfordSentiment(classes).items(split, data_dir)) for split in SPLITS] == sizes


def test_phrases_are_those_of_all_trees(data_dir):
    every = StanfordSentiment(phrases=True).items("train", data_dir)
    texts = {item.first for item in every}
    assert len(every) == len(texts) == 159_274  # 155,019 lower-cased in the files of Kim 2014
    assert texts >= {item.first for item in StanfordSentiment().items("train", data_dir)}


@pytest.mark.parametrize(
    ("name", "counts"),
    [("MR", [5331, 5331]), ("SUBJ", [5000, 5000]), ("CR", [1366, 2405]), ("MPQA", [7292, 3311])],
)
def test_the_sets_of_kim_have_their_published_sizes_less_empty_lines(data_dir, name, counts):
    items = [item for split in SPLITS for item in CrossValidated(name).items(split, data_dir)]
    assert [sum(item.target == label for item in items) for label in (0, 1)] == counts
    assert not any("\ufffd" in item.first for item in items)
