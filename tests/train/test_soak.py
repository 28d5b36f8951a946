"""Runs killed at random moments, and run folders damaged a file at a time: nothing is lost, nothing silently.

LOOKBACK_SOAK says how many of each, 12 where it does not; the script itself is tests/soak.py.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[1] / "soak.py"
COUNT = os.environ.get("LOOKBACK_SOAK", "12")


def soaked(deed, folder, environment):
    command = [sys.executable, str(SOAK), deed, COUNT, str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_killed_at_random_moments_a_run_of_every_family_ends_as_in_one_go(tmp_path, as_children, same_flags):
    found = soaked("kills", tmp_path, os.environ | same_flags)
    assert found["kills"] >= int(COUNT) and found["runs"] > 0


@pytest.mark.slow
def test_a_damaged_file_is_told_or_changes_nothing(tmp_path, as_children, same_flags):
    found = soaked("damages", tmp_path, os.environ | same_flags)
    assert found["damages"] == int(COUNT) == found["told"] + found["harmless"]
