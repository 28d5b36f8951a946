"""Every command line that users are shown does what it says: in a shell, as it stands, but small.

Those that train, and need no run of another line, are in test_documented_runs.py: a worker each.
"""

import re
import shlex
import sys
from importlib import metadata

import pytest
from documented import ROOT, command_lines, trains

ALL = command_lines()
LINES = {line: where for line, where in ALL.items() if not trains(line)}
CODES = {"lookback data verify multi30k --data-dir ~/corpora": 1}  # stand-ins have other checksums
NETWORK = ("lookback data fetch multi30k",)
CLUSTER = re.compile(r"--on (slurm|jobset|sky)(?!.*(--dry-run|--with help))")
COMPILERS = {"--on h200": ("jax-cuda12-plugin", "jax-cuda13-plugin"), "--on v5e": ("libtpu",)}


def absent(line):
    """Whether a line asks for a target whose compiler is in an extra, and is not here."""
    there = {each.metadata["Name"] for each in metadata.distributions()}
    return any(target in line and not there & {*names} for target, names in COMPILERS.items())


@pytest.mark.slow
@pytest.mark.parametrize("line", LINES)
def test_a_line_runs_as_it_stands(shell, line):
    if line.endswith(NETWORK):
        pytest.skip("it needs the network")
    if CLUSTER.search(line):
        pytest.skip("it needs a cluster")
    done = shell(line)
    if absent(line):
        assert done.returncode == 2 and "its compiler is not installed" in done.stderr
        return
    assert done.returncode == CODES.get(line, 0), f"{LINES[line]}: {line}\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_lines_of_python_run_as_they_stand(shell):
    """README's, on the runs that its commands have left."""
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    done = shell(f"{shlex.join([sys.executable, '-c', block])}")
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 6, done.stderr


def test_lines_are_found_wherever_users_look():
    assert len(ALL) > 120 and {"README.md", "lookback --help", "lookback plot --help"} <= set(ALL.values())
    assert "lookback list | grep attention" in LINES
    assert "lookback run translation --data-dir CORPORA" in ALL.keys() - LINES.keys()
