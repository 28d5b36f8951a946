"""What a reader of Python source may keep in mind at each character, as Python's own `tokenize` sees it.

A label speaks of the place after its character, where a network stands once it has read it: an opening quote
is inside already and the closing one no longer, and so with brackets.

A text has the same labels on every Python: 1.5 million characters of 3.11's library have on 3.11, 3.12 and
3.13. Which library a corpus reads depends on the Python, and its protocol names it.
"""

import io
import tokenize
from collections.abc import Iterator

import numpy as np

from data.corpora.stdlib_text import StdlibCode, source
from data.splits import SPLITS, known_split

BEYOND = 1_000_000  # characters read on after a cut: what is open there has closed long before
INSIDE = "quotes", "triple quotes", "comments", "if"
DEPTHS = "indentation", "brackets"


def code_labels(text: str, size: int | None = None) -> dict[str, np.ndarray]:
    """Of whole files, one after another, or of their first `size` characters: bool or int32 [n] by property.

    quotes        in a string between single or double marks, its prefix left out; an f-string is one
                  string, braces and all
    triple quotes in a string between three marks: most of them are documentation, prose as comments are
    comments      in a comment, which ends before the line does
    quotes or comments, of any kind
    if            in the condition of an `if` or `elif` statement, from its keyword to before its colon
    indentation   blocks that are open; a line opens or closes them with its first token
    brackets      brackets that are open, those in strings and comments left out
    line position characters of the line so far; 0 at the line feed
    """
    size = len(text) if size is None else size
    changes = {name: np.zeros(len(text) + 1, np.int32) for name in INSIDE + DEPTHS}
    begins, testing, depth, lambdas = True, False, 0, 0
    for kind, spelled, first, end in tokens(text):
        if first >= size:
            break
        if kind == "STRING":
            marks = spelled.lstrip("bBfFrRtTuU")
            name = "triple quotes" if marks.startswith(("'''", '"""')) else "quotes"
            changes[name][[end - len(marks), end - 1]] += 1, -1
        elif kind == "COMMENT":
            changes["comments"][[first, end]] += 1, -1
        elif kind in ("INDENT", "DEDENT"):
            changes["indentation"][end] += 1 if kind == "INDENT" else -1
        elif kind == "OP" and spelled in "([{}])":
            step = 1 if spelled in "([{" else -1
            changes["brackets"][first] += step
            depth += step
        elif begins and spelled in ("if", "elif"):
            changes["if"][end - 1] += 1
            testing, lambdas = True, 0
        elif testing and not depth and spelled == "lambda":
            lambdas += 1
        elif testing and not depth and spelled == ":":
            if lambdas:
                lambdas -= 1
            else:
                changes["if"][first] -= 1
                testing = False
        if kind not in ("COMMENT", "NL", "INDENT", "DEDENT"):
            begins = kind == "NEWLINE"
    open_after = {name: np.cumsum(change[:size], dtype=np.int32) for name, change in changes.items()}
    found = {name: open_after[name] > 0 for name in INSIDE}
    found["quotes or comments"] = found["quotes"] | found["triple quotes"] | found["comments"]
    places = np.arange(size)
    ends = np.where(np.array(list(text[:size])) == "\n", places, -1)
    position = (places - np.maximum.accumulate(ends)).astype(np.int32)
    return found | {name: open_after[name] for name in DEPTHS} | {"line position": position}


def tokens(text: str) -> Iterator[tuple[str, str, int, int]]:
    """(kind, spelling, first character, the one beyond the last); an f-string is one STRING.

    So it is before Python 3.12, which cuts f-strings (3.14 t-strings too) into what they are made of.
    """
    lines = np.cumsum([0, *map(len, io.StringIO(text))])
    nested, begun = 0, 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            kind, ((row, column), (last, beyond)) = tokenize.tok_name[token.type], token[2:4]
            first, end = lines[row - 1] + column, lines[last - 1] + beyond
            if kind == "ERRORTOKEN" and token.string.strip():  # Python 3.12 and later raise by themselves
                raise tokenize.TokenError(f"invalid {token.string!r}", token.start)
            if kind.endswith("STRING_START"):
                begun, nested = first if not nested else begun, nested + 1
            elif kind.endswith("STRING_END"):
                nested -= 1
                if not nested:
                    yield "STRING", text[begun:end], begun, end
            elif not nested:
                yield kind, token.string, first, end
    except (tokenize.TokenError, SyntaxError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else error.args[1][0]
        raise ValueError(f"line {line} is no Python ({error.args[0]}): give whole files") from None


def of_split(corpus: StdlibCode, split: str) -> dict[str, np.ndarray]:
    """Labels of a split's characters, each taken in its whole file, wherever corpus and split were cut."""
    earlier = SPLITS[: SPLITS.index(known_split(split))]
    first = sum(len(corpus.text(name)) for name in earlier)
    end = first + len(corpus.text(split))
    labels = code_labels(source(corpus.size + BEYOND), end)
    return {name: label[first:end] for name, label in labels.items()}
