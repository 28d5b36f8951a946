"""Every field of every part that a table uses, given what makes no sense: taken, or refused in one line."""

import traceback
from pathlib import Path

import pytest

from experiments.tables import catalogue
from train.parts import is_part, override, settings

ROOT = Path(__file__).parents[2]
ODD = (
    *(
        "0",
        "1",
        "-1",
        "-0.5",
        "1.5",
        "nan",
        "1e999",
        "-1e999",
        "99999999999999999999",
        "10**9",
        "True",
        "None",
    ),
    *("''", "x", "a b", "(", "...", "b'x'", "{}", "()", "[]", "(0,)", "(1, 2)", "('a',)", "x" * 100_000),
    *(
        "Additive()",
        "Adam",
        "Bleu()",
        "GPT2",
        "NGram()",
        "Seq2Seq",
        "Words()",
        "World()",
        "Trained",
        "object",
    ),
)
TOO_BIG, NO_NUMBER = "99999999999999999999", ("nan", "1e999", "-1e999")
FEW = ("0", "-1", "1.5", *NO_NUMBER[:2], TOO_BIG, "None", "''", "(", "('a',)", "Adam", "GPT2")


def fields_of(part, path: str = ""):
    """((part's name, field), its path, its value) of a run and of every part within."""
    for field, value in settings(part).items():
        yield (type(part).__name__, field), path + field, value
        inner = {"": value} if is_part(value) else dict(enumerate(value)) if isinstance(value, tuple) else {}
        for place, one in inner.items():
            if is_part(one):
                yield from fields_of(one, f"{path}{field}.{place}".rstrip(".") + ".")


def every_field() -> dict[tuple[str, str], tuple]:
    """{(part, field): (a run with it, its path there, its value)}."""
    found: dict[tuple[str, str], tuple] = {}
    for table in catalogue.tables().values():
        for run in table.rows.values():
            for name, path, value in fields_of(run):
                found.setdefault(name, (run, path, value))
    return found


FIELDS = every_field()


@pytest.mark.parametrize("values", [FEW, pytest.param(ODD, marks=pytest.mark.slow)], ids=["few", "all"])
@pytest.mark.parametrize("part", sorted({part for part, _ in FIELDS}))
def test_a_value_is_taken_or_refused_in_one_line(part, values):
    for (kind, _), (run, path, value) in FIELDS.items():
        if kind != part:
            continue
        for odd in values:
            try:
                override(run, [f"{path}={odd}"]).require()
            except ValueError as error:
                message, frames = str(error), traceback.extract_tb(error.__traceback__)
                assert "\n" not in message and len(message) <= 300, (path, odd[:20], message[:400])
                assert Path(frames[-1].filename).is_relative_to(ROOT), (path, odd[:20], message)
            else:
                number = type(value) in (int, float)
                assert not (number and odd in (TOO_BIG, *NO_NUMBER) and type(value) is int), (path, odd)
                assert not (number and odd in NO_NUMBER), (path, odd)


def test_fields_are_found_within_parts_and_tuples():
    assert {("Run", "steps"), ("Search", "beam"), ("Adam", "beta1"), ("Words", "size")} <= set(FIELDS)
    assert len(FIELDS) > 300 and set(FEW) < set(ODD)
