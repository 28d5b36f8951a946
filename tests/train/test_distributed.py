"""Two processes on one machine make the same update as one, and every launcher's variables are understood."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import jax
import pytest

from train import devices, processes
from train.folder.ledger import complete_lines

ROOT = Path(__file__).parents[2]

UPDATE = """
import json
from train import devices
devices.setup()
import flax.linen as nn, jax, numpy as np
from data.batches.pairs import Shape, pair_batch
from train.objectives.next_token import NextTargetToken
from train.optimizers import Constant, Sgd
from train.parallel import Jit, Pmap
from train.step import init_state

class Bigram(nn.Module):
    @nn.compact
    def states(self, source, inputs, train=False):
        return nn.Embed(12, 12)(inputs) + nn.Embed(12, 12)(source).mean(1, keepdims=True)

    def logits(self, states):
        return states

    def __call__(self, source, inputs, train=False):
        return self.states(source, inputs, train)

pairs = [([4 + i, 2], [5 + i, 4, 2][i % 2:]) for i in range(7)]
batch = {name: array[0] for name, array in pair_batch(pairs, Shape(7, 2, 3)).items()}
parts = Bigram(), NextTargetToken(), Sgd(Constant(0.5))
found = {"devices": len(jax.devices()), "processes": jax.process_count()}
for layout in (Jit(), Pmap()):
    sharding = layout.state_sharding(jax.eval_shape(lambda: init_state(*parts, 0, batch)))
    state = jax.jit(lambda: init_state(*parts, 0, batch), out_shardings=sharding)()
    step = layout.compile(*parts, state)
    for _ in range(2):
        state, _, measures = step(state, (), layout.put(batch))
    sums = [float(abs(jax.device_get(leaf)).sum()) for leaf in jax.tree.leaves(state.params)]
    found[type(layout).__name__] = [float(measures["loss"]), float(measures["tokens"]), *sums]
print(json.dumps(found))
"""

OURS = [name for pair in devices.LAUNCHERS for name in pair] + ["JAX_COORDINATOR_ADDRESS", "SLURM_NTASKS"]
OURS += ["TPU_WORKER_HOSTNAMES", "TPU_WORKER_ID"]


def launch(variables, count_of_devices=1, command=("-c", UPDATE)):
    kept = {name: value for name, value in os.environ.items() if name not in (*OURS, "XLA_FLAGS")}
    fixed = {"PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu", "JAX_NUM_CPU_DEVICES": str(count_of_devices)}
    return subprocess.Popen(
        [sys.executable, *command],
        env=kept | fixed | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def read(process):
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return json.loads(output.splitlines()[-1])  # gloo greets its peers on the first


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


TINY = (
    *("task.corpus.world.train=40", "task.corpus.world.valid=8", "task.corpus.world.test=8"),
    *(
        "task.corpus.world.depth=0",
        "task.corpus.world.distance=0",
        "model.features=16",
        "model.embed_dim=8",
    ),
    *(
        "batches.tokens=64",
        "batches.shapes=1",
        "steps=4",
        "evaluate_every=2",
        "average=0",
        "evaluators.Bleu.search.beam=1",
    ),
)


def run_of_the_table(folder, variables, devices, *more):
    row = ("run", "translation", "--rows", "lstm-dot", "--seeds", "1", "--runs-dir", str(folder))
    return launch(variables, devices, ("-m", "experiments", *row, *TINY, *more))


@pytest.mark.slow
def test_two_processes_train_and_evaluate_one_run_as_one_process_does(tmp_path):
    """The first process does the writing; losses and scores are those of one process with both devices."""
    cache = {"JAX_COMPILATION_CACHE_DIR": str(tmp_path / "compiled")}
    world = {"JAX_COORDINATOR_ADDRESS": f"127.0.0.1:{free_port()}", "JAX_NUM_PROCESSES": "2"} | cache
    processes = [
        run_of_the_table(tmp_path / "two", world | {"JAX_PROCESS_ID": str(rank)}, 1) for rank in range(2)
    ]
    processes.append(run_of_the_table(tmp_path / "one", cache, 2))
    for process in processes:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
    two, one = (complete_lines(next(tmp_path.glob(f"{name}/*/*/0/metrics.jsonl"))) for name in ("two", "one"))
    assert [line["kind"] for line in two] == [line["kind"] for line in one]
    for ours, theirs in zip(two, one, strict=True):
        if "loss" in ours:
            assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-5)
        if ours["kind"] == "result":
            assert ours["value"] == pytest.approx(theirs["value"])


def both(folder, port, tmp_path, wait=0.0, steps=40):
    """Two processes of one run, the second started later."""
    world = {"JAX_COORDINATOR_ADDRESS": f"127.0.0.1:{port}", "JAX_NUM_PROCESSES": "2"}
    world["JAX_COMPILATION_CACHE_DIR"] = str(tmp_path / "compiled")
    processes = []
    for rank in range(2):
        processes.append(run_of_the_table(folder, world | {"JAX_PROCESS_ID": str(rank)}, 1, f"steps={steps}"))
        time.sleep(wait if rank == 0 else 0)
    return processes


def ended(processes, timeout=200):
    """[(exit code, the lines on stderr that are no progress)]"""
    found = []
    for process in processes:
        _, errors = process.communicate(timeout=timeout)
        found.append((process.returncode, [line for line in errors.splitlines() if " seed 0: " not in line]))
    return found


def wait_for_steps(folder, steps):
    deadline = time.monotonic() + 200
    while sum(path.read_bytes().count(b'"train"') for path in folder.glob("*/*/0/metrics.jsonl")) < steps:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ledger(folder):
    """What a ledger says, but for times."""
    times = ("seconds", "flops_by_time", "compilations")
    lines = complete_lines(next(folder.glob("*/*/0/metrics.jsonl")))
    return [{name: value for name, value in line.items() if name not in times} for line in lines]


@pytest.mark.slow
def test_asked_or_killed_in_one_process_all_end_and_started_again_the_run_ends_as_one_in_one_go(tmp_path):
    """A signal to the second, a kill of the second and of the first; after each both are started again."""
    whole, folder = tmp_path / "whole", tmp_path / "stopped"
    assert [code for code, _ in ended(both(whole, free_port(), tmp_path))] == [0, 0]
    for steps, rank, signum in ((5, 1, signal.SIGTERM), (12, 1, signal.SIGKILL), (25, 0, signal.SIGKILL)):
        processes = both(folder, free_port(), tmp_path)
        wait_for_steps(folder, steps)
        processes[rank].send_signal(signum)
        found = ended(processes)
        if signum == signal.SIGTERM:
            assert [code for code, _ in found] == [143, 143]
            assert all("and saved; the same command goes on from there" in lines[0] for _, lines in found)
        else:
            (code, _), (survivor, lines) = found[rank], found[1 - rank]
            # Where the other waits for a barrier and no collective, jax itself aborts it, within a minute.
            assert code == -9 and survivor in (2, -6)
            if survivor == 2:
                assert lines[-1].startswith("lookback: another process"), lines
    assert [code for code, _ in ended(both(folder, free_port(), tmp_path))] == [0, 0]
    assert ledger(folder) == ledger(whole)


@pytest.mark.slow
def test_processes_that_start_or_read_far_apart_wait_for_each_other(tmp_path):
    """Peers of a collective connect within 30 s or die; here the second comes 40 s after the first."""
    assert ended(both(tmp_path / "runs", free_port(), tmp_path, wait=40.0, steps=4)) == [(0, []), (0, [])]


@pytest.mark.slow
def test_what_the_first_is_refused_ends_the_others_in_a_line(tmp_path):
    (tmp_path / "runs").write_text("a file where the folder should be")
    (first, (told,)), (second, (line,)) = ended(both(tmp_path / "runs", free_port(), tmp_path))
    assert (first, second) == (2, 2) and "Not a directory" in told
    assert line == "lookback: another process could not have the directory: its own line says why"


def test_two_processes_update_as_one_does(tmp_path):
    cache = {"JAX_COMPILATION_CACHE_DIR": str(tmp_path)}
    world = {"JAX_COORDINATOR_ADDRESS": f"127.0.0.1:{free_port()}", "JAX_NUM_PROCESSES": "2"} | cache
    together = [launch(world | {"JAX_PROCESS_ID": str(rank)}) for rank in range(2)]
    alone = read(launch(cache))
    first, second = map(read, together)
    assert first == second
    assert (alone["devices"], alone["processes"]) == (1, 1)
    assert (first["devices"], first["processes"]) == (2, 2)
    assert first["Jit"] == pytest.approx(alone["Jit"], rel=1e-6)
    assert first["Pmap"] == pytest.approx(alone["Jit"], rel=1e-6)


@pytest.mark.parametrize(
    "variables, place",
    [
        ({}, None),
        ({"SLURM_NTASKS": "4", "SLURM_PROCID": "0"}, None),  # a batch script, before srun
        ({"JAX_NUM_PROCESSES": "1", "SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "3"}, None),
        ({"JAX_NUM_PROCESSES": "2", "JAX_PROCESS_ID": "1"}, {"num_processes": 2, "process_id": 1}),
        ({"SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "3"}, {"num_processes": 4, "process_id": 3}),
        ({"OMPI_COMM_WORLD_SIZE": "8", "OMPI_COMM_WORLD_RANK": "7"}, {"num_processes": 8, "process_id": 7}),
        ({"JAX_COORDINATOR_ADDRESS": "host:1234"}, {}),
        ({"TPU_WORKER_HOSTNAMES": "t1k-0,t1k-1", "TPU_WORKER_ID": "1"}, {}),
        ({"TPU_WORKER_HOSTNAMES": "localhost", "TPU_WORKER_ID": "0"}, None),
    ],
)
def test_a_process_finds_its_place_in_the_launchers_variables(variables, place, monkeypatch):
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert devices.place_among_others() == place


@pytest.mark.parametrize(
    "variables, complaint",
    [
        ({"JAX_NUM_PROCESSES": "2"}, "JAX_PROCESS_ID is not set"),
        ({"JAX_NUM_PROCESSES": "two", "JAX_PROCESS_ID": "0"}, "'two'"),
        ({"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "1"}, "coordinator_address"),
    ],
)
def test_an_unfinished_launch_says_what_is_to_be_set(variables, complaint, monkeypatch):
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    def without_an_address(**_):
        raise ValueError("coordinator_address should be defined.")

    monkeypatch.setattr("jax.distributed.initialize", without_an_address)  # as it does before jax has begun
    with pytest.raises(ValueError, match=complaint) as raised:
        devices.join_others()
    assert "JAX_COORDINATOR_ADDRESS=host:port" in str(raised.value)


@pytest.mark.parametrize("kind", [jax.errors.JaxRuntimeError, ValueError])
def test_a_collective_that_fails_tells_of_the_other_process_however_it_is_raised(monkeypatch, kind):
    """jax raises some failures of a collective as ValueError; a checkpoint's writer wraps either."""
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    failure = kind("UNKNOWN: Gloo all-reduce failed: Connection closed by peer")
    with pytest.raises(OSError, match="another process of this run has ended"), processes.others():
        raise failure
    with pytest.raises(OSError, match="another process of this run has ended"), processes.others():
        try:
            raise failure
        except Exception as error:
            raise OSError("checkpoint 3 could not be written") from error


@pytest.mark.parametrize("error", [ValueError("steps: 0 is too few"), OSError("No space left on device")])
def test_what_is_no_collective_is_told_as_it_is_among_processes_too(monkeypatch, error):
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    with pytest.raises(type(error), match=str(error)), processes.others():
        raise error
