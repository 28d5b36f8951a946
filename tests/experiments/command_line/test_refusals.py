"""A mistake is one short line, a bug keeps its traceback, and streams may be closed or speak no UTF-8."""

import argparse
import os
import subprocess
import sys

import numpy as np
import pytest

from data.fields import brief
from experiments.__main__ import build_parser, found, main
from experiments.command_line.refusals import LONGEST, is_refusal, one_line
from experiments.commands import doctor
from train import parts

ODD = ("nan", "inf", "-inf", "1e999", "-1e999", "x", "", "0x", "9" * 5000, "-99999999999")


def raised(call) -> Exception:
    """What a call raises."""
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    "call, refused",
    [
        (lambda: parts.parse("("), True),  # a sentence of ours
        (lambda: parts.override(None, ["x"]), True),
        (lambda: int("x"), False),  # here, which is no file of the project
        (lambda: brief(Odd()), False),  # a user's method, called by ours
        (lambda: parts.suggestion("x", [np.zeros(2), np.zeros(2)]), False),  # an array's, in a line of ours
        (lambda: open("no such file"), False),
    ],
)
def test_what_the_project_raises_is_a_refusal_and_nothing_else(call, refused):
    assert is_refusal(raised(call)) is refused


class Odd:
    """It cannot be shown."""

    def __repr__(self):
        raise ValueError("a bug of mine")


@pytest.mark.parametrize("text", ["x" * 100_000 + "; set steps", "two\nlines\x1b[31m", "ä" * 301, ""])
def test_a_line_is_short_and_plain_and_keeps_what_to_do(text):
    line = one_line(text)
    assert len(line) <= LONGEST and line.isprintable() and line.startswith("lookback: ")
    assert line.split()[-1] == (text or "lookback:").split()[-1][-len(line.split()[-1]) :]


def numeric(parser: argparse.ArgumentParser):
    """(command, option) of every option that takes a number."""
    (commands,) = (action for action in parser._actions if isinstance(action.choices, dict))
    for name, subparser in commands.choices.items():
        yield from ((name, action) for action in subparser._actions if action.type)


NUMERIC = list(numeric(build_parser()))


@pytest.mark.parametrize("command, option", NUMERIC, ids=lambda one: getattr(one, "dest", one))
def test_an_option_takes_no_number_that_makes_no_sense(command, option):
    assert option.type not in (int, float), "an option says its bounds"
    for text in ODD:
        with pytest.raises(argparse.ArgumentTypeError, match="^takes [^\n]{1,200}$"):
            option.type(text)


def test_there_are_options_that_take_numbers():
    assert len({command for command, _ in NUMERIC}) >= 8 and len(NUMERIC) >= 15


@pytest.mark.parametrize(
    "words, told",
    [
        (["tarin"], "no command is called 'tarin'; did you mean 'run'"),
        (["tabel", "x"], "did you mean 'table'"),
        (["qqq"], "no command is called 'qqq'; there are bench, "),
        (["run", "translation", "--seds", "3"], "unrecognized arguments: '--seds'; did you mean '--seeds'"),
        (["x" * 100_000], "did you mean|there are"),
        (["run", "x" * 100_000], "unknown experiment"),
        (["run", "translation", "x" * 100_000], "."),
        (["show", "translation", "lstm", "model.score=" + "x" * 100_000], "Seq2Seq.score"),
        (["generate", "x", "--top-p", "nan"], "--top-p: takes float, above 0 and at most 1, not 'nan'"),
        ([], "required: COMMAND"),
    ],
    ids=lambda one: " ".join(one)[:30] if isinstance(one, list) else "",
)
def test_a_command_line_that_is_wrong_is_one_line(words, told, capsys):
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and len(err) <= LONGEST + 1 and err.startswith("lookback: ")
    assert any(part in err for part in told.split("|"))


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0 and capsys.readouterr().out.startswith("lookback ")


def shell(line: str, **env) -> tuple[int, bytes, bytes]:
    """(exit code, stdout, stderr) of a line of sh, in which $L is the command."""
    command = f'L="{sys.executable} -m experiments"; {line}'
    done = subprocess.run(["sh", "-c", command], capture_output=True, env=os.environ | env, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_help_is_for_every_locale(as_children):
    for env in ({"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}):
        code, out, err = shell("for c in complexity run; do $L $c --help || exit; done", **env)
        assert (code, err) == (0, b"") and b"usage: " in out
    assert "complexity" in found() and doctor.__doc__


@pytest.mark.parametrize(
    "line, code, told",
    [
        ("$L list >&-", 2, "stdout is closed"),
        ("$L list > /dev/full", 2, "No space left"),
        ("$L list 2>&-", 0, ""),
        ("$L list <&-", 0, ""),
        ("$L list <&- 2>&- | head -1", 0, ""),
    ],
)
def test_a_stream_that_is_closed_or_full_is_one_line_or_none(line, code, told, as_children):
    found_code, _, err = shell(line)
    assert found_code == code and told in err.decode() and err.count(b"\n") == bool(told), err
