"""On a real Slurm: whatever is killed or preempted ends as if nothing had happened, and no job is lost."""

import dataclasses
import functools
import json
import os
import shutil
import signal
import subprocess
import time

import pytest
import slurm_cluster

from experiments.launch import attempt, checkout
from experiments.launch.jobs import Job
from experiments.launch.status import states
from experiments.launch.submitted import submitted
from experiments.launch.target import Launch
from experiments.launch.targets.slurm import Slurm
from experiments.tables import catalogue
from train.folder.ledger import LEDGER, complete_lines, is_done

pytestmark = pytest.mark.slow

ROW = ("launch", "perplexity", "--rows", "fixed window", "--name", "tiny", "--on", "slurm")
TINY = (
    *("task.corpus.size=20000", "model.embed_dim=8", "batches.rows=4", "batches.length=8"),
    *("steps=1500", "evaluate_every=10", "evaluators=(Perplexity(split='valid'),)"),
)
WAIT = 240  # seconds, of a machine that does other things too
TIMES = ("seconds", "flops_by_time", "compilations")


@pytest.fixture(scope="module")
def cluster(as_children):
    """A cluster, and its environment for all that is started here."""
    if why := slurm_cluster.missing():
        pytest.skip(why)
    with slurm_cluster.running() as variables, pytest.MonkeyPatch.context() as patch:
        for name, value in (variables | {"JAX_NUM_CPU_DEVICES": "1"}).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def committed_code(tmp_path_factory):
    """A checkout with all that is here, committed: what is launched is a commit."""
    root = tmp_path_factory.mktemp("checkout")
    for name in checkout.CODE:
        ignored = shutil.ignore_patterns("__pycache__", "results")
        shutil.copytree(checkout.ROOT / name, root / name, ignore=ignored)
    who = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    for words in (("init", "--quiet"), ("add", "--all"), (*who, "commit", "--quiet", "-m", "as it is")):
        subprocess.run(["git", "-C", str(root), *words], check=True)
    with pytest.MonkeyPatch.context() as patch:
        for function in (checkout.commit, checkout.named, checkout.changed, checkout.require_committed):
            patch.setattr(function, "__defaults__", (root,))
        patch.setattr(checkout.pinned, "__defaults__", (root,))
        yield root


def wait_until(holds, what):
    deadline = time.monotonic() + WAIT
    while not holds():
        assert time.monotonic() < deadline, f"waited {WAIT} s for {what}"
        time.sleep(0.2)


def all_done(folders):
    """Whether runs are done and their processes have ended."""
    return all(is_done(folder) and attempt.latest(folder)[0].code == 0 for folder in folders)


def trained_steps(folder):
    path = folder / LEDGER
    return path.read_bytes().count(b'"train"') if path.exists() else 0


def ledger(folder):
    """What a ledger says, but for times."""
    lines = complete_lines(folder / LEDGER)
    return [{name: value for name, value in line.items() if name not in TIMES} for line in lines]


def restarts(folder):
    return [one.restart for one in attempt.latest(folder)]


def test_a_table_is_filled_from_an_empty_cluster(cluster, committed_code, lookback, tmp_path, committed):
    """Every row of a table with two seeds by one command; submitted twice, each runs once."""
    runs = tmp_path / "runs"
    words = ("launch", "word_vectors", "task.corpus.world.train=60", "--seeds", "2", "--runs-dir", runs)
    words += ("--on", "slurm", "--with", "partition=low")
    code, out, err = lookback(*words)
    assert code == 0, err
    names = list(submitted(runs))
    rows = catalogue.table("word_vectors").rows
    assert len(names) == 2 * len(rows) == 14 and f"{len(names)} of {len(names)}" in out
    code, out, _ = lookback(*words)
    assert code == 0 and "14 are queued or running already" in out and len(submitted(runs)) == 14
    wait_until(lambda: all_done([runs / name for name in names]), "14 jobs")
    assert {one.word for one in states(runs)} == {"done"} and len(states(runs)) == 14
    assert all(restarts(runs / name) == [0] for name in names)
    notes = [(runs / name / attempt.NOTES).read_text().count("node") for name in names]
    assert notes == [1] * 14
    head = subprocess.run(
        ["git", "-C", str(committed_code), "rev-parse", "HEAD"], capture_output=True, text=True
    ).stdout
    described = json.loads((runs / names[0] / "run.json").read_text())
    assert head.startswith(described["commit"].removesuffix("+dirty")) and "+" not in described["commit"]
    assert lookback(*words)[1] == "all 14 are done\n"


def launched(lookback, runs, seeds, *more):
    """The folders of a small row's runs, once Slurm has their jobs."""
    code, _, err = lookback(
        *ROW, *TINY, "--seeds", seeds, "--runs-dir", runs, "--with", "partition=low", *more
    )
    assert code == 0, err
    return [runs / "perplexity" / "tiny" / str(seed) for seed in range(seeds)]


def test_killed_and_preempted_tasks_of_an_array_end_bit_for_bit_as_undisturbed_ones(
    cluster, committed_code, lookback, tmp_path, committed
):
    """Of three one is killed hard, then a job of a higher partition takes all cores; two ran undisturbed."""
    whole = launched(lookback, tmp_path / "whole", 2)
    wait_until(lambda: all_done(whole), "two jobs")
    disturbed = launched(lookback, tmp_path / "disturbed", 3)
    wait_until(lambda: all(trained_steps(folder) >= 2 for folder in disturbed), "three jobs to train")
    os.kill(attempt.latest(disturbed[0])[0].process, signal.SIGKILL)
    urgent = ["sbatch", "--partition=high", "--exclusive", "--output=/dev/null", "--wrap=sleep 1"]
    subprocess.run(urgent, check=True, capture_output=True)
    wait_until(lambda: all_done(disturbed), "three jobs")
    codes = [
        [line["code"] for line in map(json.loads, (folder / attempt.NOTES).open()) if "code" in line]
        for folder in disturbed
    ]
    assert codes == [[137, 0], [143, 0], [143, 0]]
    assert all(restarts(folder) == [1] for folder in disturbed)
    for ours, theirs in zip(disturbed, whole, strict=False):
        assert restarts(theirs) == [0] and ledger(ours) == ledger(theirs)


def test_a_run_of_two_tasks_is_joined_and_goes_on_when_one_of_them_is_killed(
    cluster, committed_code, lookback, tmp_path, committed
):
    (whole,) = launched(lookback, tmp_path / "whole", 1, "processes=2")
    wait_until(lambda: all_done([whole]), "a job of two tasks")
    (killed,) = launched(lookback, tmp_path / "killed", 1, "processes=2")
    wait_until(lambda: trained_steps(killed) >= 2, "two tasks to train")
    first, second = attempt.latest(killed)
    assert (first.rank, second.rank) == (0, 1) and (killed / "launch.1.log").exists()
    os.kill(second.process, signal.SIGKILL)
    wait_until(lambda: all_done([killed]), "it to go on")
    assert restarts(killed) == [1, 1] and restarts(whole) == [0, 0]
    assert ledger(killed) == ledger(whole)
    described = json.loads((killed / "run.json").read_text())
    assert described["device"].startswith("2 x cpu")


KILLED_ONCE = 'test -n "${SLURM_RESTART_COUNT:-}" || srun() { return 137; }'


@dataclasses.dataclass(frozen=True)
class Command(Job):
    """A job that is any command of ours."""

    first: "Command | None" = None

    @functools.cached_property
    def before(self):
        return () if self.first is None else (self.first, *self.first.before)

    def arguments(self, runs_dir, data_dir=None):
        return [self.row]


def test_what_begins_with_another_waits_for_it_and_a_dead_job_is_one_line(
    cluster, committed_code, tmp_path, lookback
):
    """Where what comes first is killed once, what waits for it waits for its second start."""
    good, bad = Command("t", "list", 0), Command("t", "lists", 0)
    after = [Command("t", "list", 1, first=good), Command("t", "list", 2, first=bad)]
    Slurm(setup=(KILLED_ONCE,)).launch(Launch([good, bad, *after], tmp_path, None))
    wait_until(lambda: len(attempt.latest(tmp_path / "t/list/1")) == 1, "the second")
    wait_until(lambda: attempt.latest(tmp_path / "t/list/1")[0].code == 0, "the end of the second")
    first, second = (attempt.last_of(tmp_path / "t/list" / str(n) / attempt.NOTES, 0) for n in range(2))
    begun = json.loads((tmp_path / "t/list/1" / attempt.NOTES).read_text().splitlines()[0])["time"]
    assert first.code == 0 and begun >= first.ended
    wait_until(lambda: "never" in state_of(tmp_path, "t/list/2"), "the last to be given up")
    assert state_of(tmp_path, "t/list/2") == "never began: CANCELLED"
    dead = state_of(tmp_path, "t/lists/0")
    assert dead.startswith("dead on ") and "exit code 2: lookback: no command is called 'lists'" in dead
    assert "\n" not in dead and restarts(tmp_path / "t/lists/0") == [1]
    out = lookback("runs", "--runs-dir", tmp_path)[1]
    assert sum("dead on" in line for line in out.splitlines()) == 1 and len(out.splitlines()) == 5


def state_of(runs_dir, name):
    return next(one.word for one in states(runs_dir) if one.name == name)


def test_what_slurm_refuses_is_told_in_its_own_words_and_nothing_is_noted(
    cluster, committed_code, lookback, tmp_path, committed
):
    code, out, err = lookback(*ROW, "--runs-dir", tmp_path / "runs", "--with", "partition=gpus")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "sbatch says: error: " in err and "invalid partition specified: gpus" in err
    assert not submitted(tmp_path / "runs")
