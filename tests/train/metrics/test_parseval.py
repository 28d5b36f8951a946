"""Brackets are counted as EVALB's program counts them, sentence by sentence."""

import gzip

import pytest

from data.items.tree import Tree, read
from train.metrics.parseval import DELETED, Match, match, matches, spans

STATUS = {"0": "valid", "1": "error", "2": "skip"}


def tree(text: str) -> Tree | None:
    """The tree of a line, or all of them under a root without a label; None where there is none."""
    found = list(read([text], "here"))
    return found[0] if len(found) == 1 else Tree("", tuple(found)) if found else None


def table(path) -> list[list[str]]:
    """The lines of sentences in what EVALB has printed: ID, length, status, recall, precision, counts."""
    return [line.split() for line in text(path) if len(line.split()) == 12 and line.split()[0].isdigit()]


def there(folder):
    """The folder; the test is skipped where it is not."""
    if not folder.is_dir():
        pytest.skip(f"needs EVALB's oracles in {folder}")
    return folder


def text(path) -> list[str]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        return file.read().splitlines()


def agree(rows, found) -> None:
    """That each sentence has EVALB's status, and where it is valid its matched, gold and found brackets."""
    assert len(rows) == len(found)
    for row, one in zip(rows, found, strict=True):
        assert one.status == STATUS[row[2]], row
        if one.status == "valid":
            assert (one.right, one.gold, one.found) == tuple(map(int, row[5:8])), row


def test_brackets_of_a_tree_by_hand():
    found = spans(tree("(S1 (S-X (NP=1 (DT a) (, ,) (NN b)) (PRT (ADVP (RB c))) (. .) (X (. .))))"))
    # Words a b c, commas deleted; the bracket around a full stop alone has no word, and PRT is ADVP.
    assert found == {("S", 0, 3): 1, ("NP", 0, 2): 1, ("ADVP", 2, 3): 2}


@pytest.mark.parametrize(
    "parse, expected",
    [
        ("(S (NP (D a) (N b)) (VP (V c)))", Match(3, 3, 3)),
        ("(S (NP (D a)) (VP (N b) (V c)))", Match(3, 3, 1)),
        ("(S (NP (NP (D a) (N b))) (VP (V c)))", Match(3, 4, 3)),
        ("(S (X a) (X b) (X c))", Match(3, 1, 1)),
        ("(S (NP (D a) (N b)) (VP (V d)))", Match(3, 3, 0, "error")),
        ("(S (NP (D a) (N b)) (VP (. c)))", Match(3, 2, 0, "error")),
        ("(S (NP (D a) (N b)))", Match(3, 2, 0, "error")),
        ("(())", Match(3, 0, 0, "skip")),
        ("", Match(3, 0, 0, "skip")),
    ],
)
def test_a_parse_against_a_gold_tree_by_hand(parse, expected):
    assert match(tree("(S (NP (D a) (N b)) (VP (V c)))"), tree(parse)) == expected


def test_what_stands_m_times_and_n_times_matches_min_times():
    gold, parse = tree("(NP (NP (NP (N a))))"), tree("(NP (NP (N a)))")
    assert match(gold, parse) == Match(3, 2, 2) and match(parse, gold) == Match(2, 3, 2)


@pytest.mark.parametrize("name, errors, skipped, f1", [("brackets", 0, 10, 81.21), ("tags", 164, 0, 81.75)])
def test_600_sentences_as_the_program_counts_them(data_dir, name, errors, skipped, f1):
    folder = there(data_dir / "evalb_more")
    golds, parses = (map(tree, text(folder / f"{name}.{kind}.gz")) for kind in ("gld", "tst"))
    found = list(matches(golds, parses))
    agree(table(folder / f"{name}.COLLINS.rsl.gz"), found)
    assert [one.status for one in found].count("error") == errors
    assert [one.status for one in found].count("skip") == skipped
    valid = [one for one in found if one.status == "valid"]
    right, both = sum(one.right for one in valid), sum(one.gold + one.found for one in valid)
    assert round(200 * right / both, 2) == f1


def test_the_samples_of_the_program(data_dir):
    """EQ_WORD (This = this, line 19) and forgiven tags of quotation marks are no part of COLLINS.prm."""
    sample = there(data_dir / "reference_outputs" / "evalb_sample")
    bug = there(data_dir / "evalb_more" / "bug")
    deleted = [label for label in DELETED if label != "."]
    golds, parses = (text(sample / f"sample.{kind}") for kind in ("gld", "tst"))
    found = list(matches(map(tree, golds), map(tree, parses), deleted))
    rows = table(sample / "sample.rsl")
    del found[18], rows[18]
    agree(rows, found)
    golds, parses = (text(bug / f"bug.{kind}") for kind in ("gld", "tst"))
    agree(table(bug / "bug.rsl-old"), list(matches(map(tree, golds), map(tree, parses))))
