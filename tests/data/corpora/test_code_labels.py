"""Labels of Python source, drawn: what must be said of tricky code by the tokenizer of any version."""

import numpy as np
import pytest

from data.corpora.code_labels import BEYOND, code_labels, of_split
from data.corpora.stdlib_text import StdlibCode, source


def drawn(text, name):
    """A character for each of the text: # where the label is true and a dot where not, or its number."""
    label = code_labels(text)[name]
    return "".join(("#" if x else ".") if label.dtype == bool else str(x) for x in label)


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ("x = 'a' + b\n", "....##......"),
        ('x = "it\'s"\n', "....#####.."),
        ("x = rb'a\\'' 'b'\n", "......####..##.."),
        ("x = 1  # don't \"\ny = ''\n", "................." + "....#.."),
        ("'a\\\nb'\n", "#####.."),
        ("'a' 'b''c'\n", "##..##.##.."),
        ("f'{x}' + 'b'\n", ".####....##.."),
        ("f'{x:>{n}}' # '\n", ".#########......"),
        ("f'{{}}' f\"{d['k']}\"\n", ".#####...#########.."),
        ("f'{f\"{1}\"}' + x\n", ".#########......"),
    ],
)
def test_quotes_are_open_from_the_first_mark_to_before_the_last(text, quotes):
    assert drawn(text, "quotes") == quotes
    assert not code_labels(text)["triple quotes"].any()


@pytest.mark.parametrize(
    ("text", "quotes", "triple"),
    [
        ("'''a'b\n'''\n", "...........", "#########.."),
        ('rf"""{x}\n\'{y!r}"""\n', "...................", "..###############.."),
        ('f"""{f(\'a\')}"""; \'\'\n', ".................#..", ".#############......"),
        ("x = '' '\"\"\"'\n", "....#..####..", "............."),
    ],
)
def test_triple_quotes_are_quotes_of_another_kind(text, quotes, triple):
    assert (drawn(text, "quotes"), drawn(text, "triple quotes")) == (quotes, triple)
    either = code_labels(text)["quotes"] | code_labels(text)["triple quotes"]
    np.testing.assert_array_equal(code_labels(text)["quotes or comments"], either)


def test_a_string_in_a_comment_and_a_comment_in_a_string_are_what_encloses_them():
    text = "s = '# a' # 'b'\n"
    assert drawn(text, "quotes") == "....####........"
    assert drawn(text, "comments") == "..........#####."
    assert drawn(text, "quotes or comments") == "....####..#####."


@pytest.mark.parametrize(
    ("text", "brackets"),
    [
        ("f([1, {'(': g()}], 2)  # (\n", "012222333333343211110000000"),
        ("f(f'({x[0]}')\n", "01111111111100"),
        ("f(\n  [\\\n]\n)\n", "011" + "11222" + "11" + "00"),
    ],
)
def test_brackets_count_what_is_open_and_none_in_strings_or_comments(text, brackets):
    assert drawn(text, "brackets") == brackets


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("if a[1:]: b\n", ".#######...."),
        ("x = a if b else c\n", ".................."),
        ("[a for a in b\nif a]\n", "." * 20),
        ("if (a\n  or b): c\nelif d:\n  e\n", ".#####" + "#######...." + "...###.." + "...."),
        ("if a if b else c: d\n", ".###############...."),
        ("if lambda: lambda: a: b\n", ".###################...."),
        ("if lambda a=lambda: 1: a: b\n", ".#######################...."),
        ("if a:  # if\n  if b: c\n", ".###........" + "...###...."),
    ],
)
def test_if_is_the_condition_of_a_statement_whatever_colons_stand_in_it(text, condition):
    assert drawn(text, "if") == condition


@pytest.mark.parametrize(
    ("text", "indentation"),
    [
        ("if a:\n  b\nc\n", "000000" + "0011" + "00"),
        ("if a:\n\tif b:\n\t\tc\n\td\n", "000000" + "0111111" + "1122" + "211"),
        ("if a:\n  b\n\n# c\n  d\n", "000000" + "0011" + "1" + "1111" + "1111"),
        ("if a:\n  b(\nc)\n  d = \\\ne\n", "000000" + "00111" + "111" + "11111111" + "11"),
        ("if a:\n  if b:\n    c\nd\n", "000000" + "00111111" + "111122" + "00"),
    ],
)
def test_a_block_opens_and_closes_with_the_first_token_of_a_line(text, indentation):
    assert drawn(text, "indentation") == indentation


def test_the_position_in_a_line_counts_its_characters_a_tab_as_one():
    assert drawn("ab\n\n\tc\nd", "line position") == "120" + "0" + "120" + "1"


def test_a_cut_changes_no_label_before_it():
    """In a string, a bracket, a condition, a block: what comes after the cut still tells what was open."""
    text = "if (a and\n    'b c'):\n    x = f'''{d}\n  '''  # e\nelif f(g): h\n"
    whole = code_labels(text)
    for size in range(len(text) + 1):
        for name, label in code_labels(text, size).items():
            np.testing.assert_array_equal(label, whole[name][:size], err_msg=f"{name}, {size}")


def test_labels_of_a_split_are_those_of_its_whole_files():
    """This corpus ends within a string, which is longer in its file."""
    whole, at = code_labels(source(20_000 + BEYOND), 20_000), 0
    lines = np.array(list(source(20_000 + BEYOND)[:20_000])) == "\n"
    corpus = StdlibCode(size=int(np.flatnonzero(lines & whole["triple quotes"])[-1]) + 1)
    text = source(corpus.size)
    for split in ("train", "valid", "test"):
        end = at + len(corpus.text(split))
        assert text[at:end] == corpus.text(split)
        for name, label in of_split(corpus, split).items():
            np.testing.assert_array_equal(label, whole[name][at:end])
        at = end
    assert at == len(text)


def test_labels_of_the_library_agree_with_what_its_lines_look_like():
    """Where no string or bracket is open, a line that begins with # is a comment, and def is at its depth."""
    text = source(60_000)
    labels, at, seen = code_labels(source(60_000 + BEYOND), len(text)), 0, {"#": 0, "def": 0, "    def": 0}
    for line in text.splitlines(keepends=True):
        first, end = at + len(line) - len(line.lstrip(" ")), at + len(line) - 1
        opened = [labels[name][at - 1] for name in ("quotes", "triple quotes", "brackets") if at]
        if not any(opened):
            if line.lstrip(" ").startswith("#"):
                seen["#"] += 1
                assert labels["comments"][first:end].all() and not labels["comments"][end]
            for margin, depth in (("def", 0), ("    def", 1)):
                if line.startswith(f"{margin} "):
                    seen[margin] += 1
                    assert labels["indentation"][first] == depth
        at = end + 1
    assert min(seen.values()) > 10, seen


@pytest.mark.parametrize(
    ("text", "line"),
    [("x\ny = '''a\n", "2"), ("f(\n", "[12]"), ("if a:\n    b\n  c\n", "3"), ("x = 'a\n", "1")],
)
def test_what_is_no_whole_file_is_refused_with_its_line(text, line):
    with pytest.raises(ValueError, match=f"^line {line} is no Python .*: give whole files$"):
        code_labels(text)
