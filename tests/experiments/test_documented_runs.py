"""Every command line that users are shown and that trains: in a shell, as it stands, a few steps of a row."""

import re

import pytest
from documented import command_lines, trains

ALL = command_lines()
LINES = {line: where for line, where in ALL.items() if trains(line)}
NAMED = re.compile(r"--name (\S+)")


@pytest.mark.slow
@pytest.mark.parametrize("line", LINES)
def test_a_line_trains_as_it_stands(shell, line):
    done = shell(line)
    assert done.returncode == 0, f"{LINES[line]}: {line}\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr


def test_no_line_of_the_other_file_needs_what_one_of_these_leaves():
    names = {name for line in LINES for name in NAMED.findall(line)}
    others = ALL.keys() - LINES.keys()
    assert len(LINES) > 80 and names
    assert not [line for line in others for name in names if f"/{name}/" in line or f"'{name}'" in line]
