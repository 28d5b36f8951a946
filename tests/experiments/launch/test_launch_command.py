"""`lookback launch` on a cluster as it is typed: what is submitted, and what is refused before that."""

import os
import re
import subprocess

import pytest

from experiments.launch import attempt, checkout
from experiments.launch.submitted import submitted

ROWS = ("launch", "translation", "--seeds", "2", "--on", "slurm")


@pytest.fixture
def no_slurm(monkeypatch, tmp_path):
    """A PATH with git, but without any scheduler."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    for name in ("sbatch", "squeue"):
        if os.path.exists(f"/usr/bin/{name}"):
            monkeypatch.setattr("shutil.which", lambda program: None)


@pytest.fixture
def script(lookback, tmp_path, monkeypatch):
    """The script of four jobs, as --dry-run prints it."""
    monkeypatch.chdir(tmp_path)
    settings = (
        "--with",
        "partition=gpu",
        "time=24:00:00",
        "gres=gpu:a100:4",
        "setup=echo set up",
        "restarts=3",
    )
    code, out, err = lookback(*ROWS, *settings, "options=--exclusive", "--dry-run")
    assert code == 0, err
    assert not list(tmp_path.glob("runs*"))
    return out


def test_a_dry_run_is_the_script(script, tmp_path):
    options = re.findall("^#SBATCH --(.*)$", script, re.M)
    assert {"array=0-3", "partition=gpu", "time=24:00:00", "gres=gpu:a100:4", "requeue", "exclusive"} <= {
        *options
    }
    assert "ntasks-per-node=1" in options and "nodes=1" in options  # one process has all GPUs of its node
    assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0
    tasks = re.findall(r"^(\d)\) folder=(\S+)$", script, re.M)
    rows = [("lstm", 0), ("lstm-additive", 0), ("lstm", 1), ("lstm-additive", 1)]
    wanted = [(str(at), f"{tmp_path}/runs/translation/{row}/{seed}") for at, (row, seed) in enumerate(rows)]
    assert tasks == wanted


def test_of_several_nodes_each_gpu_has_a_process(lookback):
    out = lookback(*ROWS, "--with", "nodes=2", "gres=gpu:4", "--dry-run")[1]
    assert "#SBATCH --nodes=2\n#SBATCH --ntasks-per-node=4\n" in out
    assert "--ntasks-per-node=1" in lookback(*ROWS, "--with", "nodes=2", "--dry-run")[1]


@pytest.mark.parametrize(
    "code, state, restart, again",
    [
        (0, "RUNNING", 0, False),
        (1, "RUNNING", 0, False),  # a bug: the same would come of it again
        (2, "RUNNING", 0, False),  # a refusal
        (137, "RUNNING", 0, True),  # killed hard
        (143, "RUNNING", 0, True),  # preempted, with time to save
        (attempt.AGAIN, "RUNNING", 2, True),  # out of time
        (137, "RUNNING", 3, False),  # as often as was said
        (143, "CANCELLED", 0, False),  # by scancel
        (143, "COMPLETING", 0, False),
    ],
)
def test_what_was_stopped_is_queued_again_and_what_failed_or_was_cancelled_is_not(
    script, tmp_path, code, state, restart, again
):
    """The script itself, where srun and scontrol are stand-ins that say what they were given."""
    said = f'[ $1 = show ] && echo "JobState={state}" || echo "$@" > {tmp_path}/asked'
    programs = {"srun": f'printf "%s\\n" "$@" > {tmp_path}/srun; exit {code}', "scontrol": said}
    for name, body in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "SLURM_ARRAY_JOB_ID": "12", "SLURM_ARRAY_TASK_ID": "1"}
    env |= {"SLURM_JOB_ID": "12"} | ({"SLURM_RESTART_COUNT": str(restart)} if restart else {})
    done = subprocess.run(["bash"], input=script, env=env, capture_output=True, text=True)
    assert done.returncode == code and done.stdout == "set up\n"
    # 12 alone would be the whole array: the last of its tasks has the array's own number.
    asked = (tmp_path / "asked").read_text() if (tmp_path / "asked").exists() else ""
    assert asked == ("requeue 12_1\n" if again else "")
    words = (tmp_path / "srun").read_text().splitlines()
    assert words[words.index("--job") + 1 :][:3] == ["12_1", "--restart", str(restart)]
    inner = words[words.index("experiments") + 1 :]
    assert inner[:2] == ["run", "translation"] and inner[inner.index("--rows") + 1] == "lstm-additive"


def test_settings_come_from_files_and_later_ones_win(lookback, tmp_path):
    (tmp_path / "cluster.txt").write_text(
        "# ours\npartition=long\nsetup=module load cuda  # and its tools\nsetup=echo 'a # b'\ncpus=4\n"
    )
    out = lookback(*ROWS, "--with", tmp_path / "cluster.txt", "partition=short", "--dry-run")[1]
    assert "#SBATCH --partition=short\n" in out and "partition=long" not in out
    assert "\nmodule load cuda\necho 'a # b'\n" in out and "--cpus-per-task=4" in out
    (tmp_path / "cluster.txt").write_text("partition\n")
    code, _, err = lookback(*ROWS, "--with", tmp_path / "cluster.txt", "--dry-run")
    assert code == 2 and "cluster.txt, line 1: a line is" in err


@pytest.mark.parametrize(
    "words, said",
    [
        (("--with", "partitoin=gpu"), "has no setting 'partitoin'; did you mean 'partition'"),
        (("--with", "nodes=two"), "--with nodes=two: nodes takes int, at least 1"),
        (("--with", "missing.txt"), "missing.txt"),
        (("--rows", "lstn"), "did you mean 'lstm'"),
        (("--cores", "2"), "--cores is not for --on slurm"),
        (("--budget", "2h"), "--budget is not for --on slurm"),
        (("steps=0",), "steps"),
        (("--name", "mine"), "names one row, not 2"),
        (("--precision", "float16"), "float16"),
    ],
)
def test_a_mistake_is_one_line_before_anything_is_submitted(lookback, tmp_path, words, said):
    code, out, err = lookback(*ROWS, *words, "--runs-dir", tmp_path / "runs")
    assert (code, out, len(err.splitlines())) == (2, "", 1) and said in err
    assert not (tmp_path / "runs").exists()


def test_without_sbatch_that_is_told(lookback, tmp_path, no_slurm):
    code, out, err = lookback(*ROWS, "--runs-dir", tmp_path / "runs")
    assert (code, out, len(err.splitlines())) == (2, "", 1) and "sbatch is not on PATH" in err
    assert not (tmp_path / "runs").exists()


def test_what_is_not_committed_is_refused(lookback, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda program: f"/bin/{program}")
    monkeypatch.setattr(checkout, "changed", lambda root=None: ["train/step.py"])
    code, _, err = lookback(*ROWS, "--runs-dir", tmp_path / "runs")
    assert code == 2 and "not committed: train/step.py" in err and not submitted(tmp_path / "runs")


def test_the_settings_of_every_place_are_told(lookback):
    for name, setting in (("slurm", "partition"), ("jobset", "claim"), ("sky", "accelerators")):
        code, out, _ = lookback("launch", "--on", name, "--with", "help")
        assert code == 0 and re.search(rf"^  {setting} +\w", out, re.M)
    code, _, err = lookback("launch", "translation", "--on", "slrum")
    assert code == 2 and "slrum" in err


def test_runs_are_merged_and_what_differs_is_told(lookback, trained, tmp_path):
    into = tmp_path / "runs"
    code, out, _ = lookback("runs", "merge", trained, trained, "--runs-dir", into)
    assert (code, out) == (0, "1 new, 1 same\n")
    assert "done" in lookback("runs", "--runs-dir", into)[1]
    code, _, err = lookback("runs", "merge", "--runs-dir", into)
    assert code == 2 and "name the folders" in err
