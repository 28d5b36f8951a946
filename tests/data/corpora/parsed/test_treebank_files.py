"""Treebanks as they are packed: which trees are of which split, and what is wrong with an archive."""

import pytest
import stand_ins

from data.corpora.parsed.bracketings import Bracketings
from data.corpora.parsed.treebank_files import Craft, Gum, Joined, Sinica, WsjSample, sinica_tree
from data.items.tree import words


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """GUM, CRAFT and the WSJ sample in small."""
    folder = tmp_path_factory.mktemp("corpora")
    for path, content in stand_ins.constituents().items():
        where = folder / path
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def sizes(corpus, folder, splits=("train", "valid", "test")) -> list[int]:
    return [len(corpus.trees(split, str(folder))) for split in splits]


def test_splits_are_those_of_the_files(folder):
    assert sizes(Gum(), folder) == [120, 30, 30]
    assert sizes(Craft(), folder, ("train", "valid")) == [120, 30]
    assert sizes(WsjSample(), folder) == [2 * 159, 2 * 20, 2 * 20]
    joined = Joined((Gum(), Craft(), WsjSample()))
    assert sizes(joined, folder) == [120 + 120 + 318, 30, 30]
    assert joined.protocol("train").count("+") == 2 and joined.protocol("test") == "GUM constituents, test"


def test_trees_lose_their_root_and_are_pairs(folder):
    corpus = Bracketings(WsjSample(), leaves="XX", reverse=True)
    tree = corpus.trees("train", str(folder))[0]
    source, target = corpus.pairs("train", "text", "tree", str(folder))[0]
    assert tree.label == "S" and source.split()[::-1] == words(tree)
    assert target.startswith("(S (") and target.split().count("XX") == len(words(tree))


def test_what_there_is_not_is_told_in_a_line(folder, tmp_path):
    with pytest.raises(ValueError, match="CRAFT keeps its test articles"):
        Craft().trees("test", str(folder))
    with pytest.raises(ValueError, match=r"gum_const.tar.gz is missing.*github.com/amir-zeldes"):
        Gum().trees("test", str(tmp_path))
    with pytest.raises(ValueError, match="Joined.corpora is empty"):
        Joined(())
    broken = stand_ins.constituents() | {"craft/articles/ids/craft-ids-train.txt": "1\n7\n"}
    for path, content in broken.items():
        where = tmp_path / path
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match="no article 7"):
        Craft().trees("train", str(tmp_path))
    (tmp_path / "gum" / "gum_const.tar.gz").write_bytes(
        stand_ins.tar({"gum/splits.md": "", "gum/const/GUM_a.ptb": "(S (A b))\n(S (A b)"})
    )
    with pytest.raises(ValueError, match=r"GUM_a.ptb, line 2: 1 brackets"):
        Gum().trees("train", str(tmp_path))


def test_a_phrase_of_sinica_is_a_tree_without_roles():
    line = "#3:3.[39029] S(theme:NP(Head:N(D1:Nba:Anna|Head:Caa:and|D2:Nh:me))|Head:VC1:live)#,(COMMA)"
    tree = sinica_tree(line, "here")
    assert str(tree) == "(S (NP (N (Nba Anna) (Caa and) (Nh me))) (VC1 live))"
    for wrong in ("#1:1.[2] S(a:NP(Head:N:x)", "#1:1.[2] S(x)", "#1:1.[2] "):
        with pytest.raises(ValueError, match="file, line 7"):
            sinica_tree(wrong, "file, line 7")


@pytest.mark.slow
def test_real_treebanks_have_the_trees_that_they_are_known_for(data_dir):
    if not (data_dir / "gum").is_dir():
        pytest.skip(f"no treebanks in {data_dir}")
    assert sum(sizes(Gum(), data_dir)) == 13_263
    assert sum(sizes(WsjSample(), data_dir)) == 3_914
    assert sizes(Craft(), data_dir, ("train", "valid")) == [18_951, 2_780]
    assert sizes(Sinica(), data_dir) == [8_000, 1_000, 1_000]
