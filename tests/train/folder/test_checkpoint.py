"""Whatever happens to the process, the disk or a byte: a restored state is one that was saved, whole."""

import contextlib
import json
import os
import random
import resource
import subprocess
import sys
import threading
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from small_checkpoints import (
    RUN,
    abstract,
    bits,
    change_digests,
    cut_record,
    edit_record,
    empty,
    flip,
    lose_data,
    lose_digests,
    lose_record,
    replace_record,
    saved,
    state_at,
    truncate,
)

from train.folder import checkpoint
from train.folder.checkpoint import Checkpoints
from train.folder.manifest import FORMAT

ROOT = Path(checkpoint.__file__).parents[2]


def test_a_round_trip_is_bitwise_and_keeps_the_tree(tmp_path):
    checkpoints, lines = saved(tmp_path)
    state, iterator, step, metrics = checkpoints.restore(abstract(state_at(0)))
    assert bits(state) == bits(state_at(3)) and jax.tree.structure(state) == jax.tree.structure(state_at(3))
    assert state.params["bias"].dtype == jnp.bfloat16 and state.key.dtype == state_at(3).key.dtype
    assert (iterator, step, metrics, lines) == ({"epoch": 0, "batch": 3}, 3, {"loss": 1 / 3}, [])
    assert bits(checkpoints.restore(abstract(state_at(0)), step=2)[0]) == bits(state_at(2))


def test_nothing_saved_is_none_and_an_unknown_step_names_the_known(tmp_path):
    assert Checkpoints(tmp_path / "none").restore(abstract(state_at(0))) is None
    assert not (tmp_path / "none").exists()
    with pytest.raises(ValueError, match="no checkpoint 7; there: 1, 2$"):
        saved(tmp_path, (1, 2))[0].restore(abstract(state_at(0)), step=7)


def test_a_state_may_be_donated_right_after_save(tmp_path, monkeypatch):
    released, finalize = threading.Event(), checkpoint.Sealed.finalize
    held = lambda *given: released.wait(60) and finalize(*given)
    monkeypatch.setattr(checkpoint.Sealed, "finalize", held)
    advance = jax.jit(lambda x: x + 1, donate_argnums=0)
    checkpoints, x = Checkpoints(tmp_path), advance(jnp.zeros(2_000_000))
    checkpoints.save(1, {"params": {"x": x}}, {}, RUN)
    assert checkpoints.steps == [], "the write was not in the background"
    for _ in range(5):
        before, x = x, advance(x)
    assert before.is_deleted()
    released.set()
    checkpoints.wait()
    assert np.all(checkpoints.params(1)["x"] == 1)


DAMAGE = (
    *(truncate, flip, lose_data, lose_record, edit_record, cut_record, replace_record, empty),
    *(lose_digests, change_digests),
)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_newest_is_reported_and_the_one_before_it_used(tmp_path, damage, capfd):
    checkpoints, lines = saved(tmp_path)
    damage(tmp_path / "3")
    state, iterator, step, _ = checkpoints.restore(abstract(state_at(0)))
    assert bits(state) == bits(state_at(2)) and iterator["batch"] == step == 2
    (line,) = lines
    assert str(tmp_path / "3") in line and "damaged" in line and "\n" not in line
    assert capfd.readouterr() == ("", "")

    checkpoints.save(3, state_at(3), {}, RUN, wait=True)
    assert checkpoints.restore(abstract(state_at(0)))[2] == 3


def test_one_flipped_bit_in_any_file_is_noticed_or_harmless(tmp_path):
    _, lines = saved(tmp_path, (1, 2))
    noticed, chance = 0, random.Random(0)
    files = [path for path in sorted((tmp_path / "2").rglob("*")) if path.is_file()]
    for path in files:
        whole = path.read_bytes()
        flipped = bytearray(whole)
        flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        state, _, step, _ = Checkpoints(tmp_path, report=lines.append).restore(abstract(state_at(0)))
        assert bits(state) == bits(state_at(step))
        assert step == 1 or path.parent == tmp_path / "2", f"{path} is a data file"
        noticed += step == 1
        path.write_bytes(whole)
    assert noticed == len(lines) > 8


def test_all_damaged_is_one_line_and_never_a_silent_new_start(tmp_path):
    checkpoints, _ = saved(tmp_path, (1, 2))
    truncate(tmp_path / "1"), flip(tmp_path / "2")
    for _ in range(2):
        with pytest.raises(ValueError, match="every checkpoint is damaged.*1, 2") as raised:
            checkpoints.restore(abstract(state_at(0)))
        assert "\n" not in str(raised.value)


def test_another_model_or_format_is_refused_by_name(tmp_path):
    checkpoints, lines = saved(tmp_path)
    with pytest.raises(ValueError, match=r"params/encoder/kernel is float32\[64, 32\].*float32\[64, 4\]"):
        checkpoints.restore(abstract(state_at(0, width=4)))
    other = abstract(state_at(0))
    with pytest.raises(ValueError, match="params/bias is bfloat16.*absent in this run"):
        checkpoints.restore(other._replace(params={"encoder": other.params["encoder"]}))
    with pytest.raises(ValueError, match="format 7"):
        checkpoints.save(4, state_at(4), {}, RUN | {"format": 7})
    path = tmp_path / "3" / checkpoint.RECORD
    path.write_text(path.read_text().replace(f'"format": {FORMAT}', '"format": 9'))
    (tmp_path / "3" / checkpoint.DIGESTS).write_text(json.dumps(checkpoint.digests(tmp_path / "3")))
    with pytest.raises(ValueError, match=f"3: written in format 9, this version reads format {FORMAT}"):
        checkpoints.restore(abstract(state_at(0)))
    assert lines == []


@pytest.mark.parametrize("mode, best", [("min", 3), ("max", 2)])
def test_kept_are_exactly_the_last_and_the_best(tmp_path, mode, best):
    checkpoints = Checkpoints(tmp_path, keep=2, mode=mode)
    losses = {1: 2.0, 2: 5.0, 3: 1.0, 4: 3.0, 5: float("nan"), 6: 4.0}
    for step, loss in losses.items():
        checkpoints.save(step, {"params": {"x": jnp.ones(2)}}, {}, RUN, {"loss": np.float32(loss)})
    checkpoints.save(7, {"params": {"x": jnp.ones(2)}}, {}, RUN)
    checkpoints.close()
    assert sorted(os.listdir(tmp_path)) == [str(best), "5", "6", "7"]
    assert (checkpoints.best, checkpoints.latest) == (best, 7)


def test_no_step_asked_for_is_skipped_and_none_goes_back(tmp_path):
    checkpoints = Checkpoints(tmp_path, keep=20)
    for step in range(1, 9):
        checkpoints.save(step, {"params": {"x": jnp.full(2, step)}}, {}, RUN)
    checkpoints.save(8, {"params": {"x": jnp.full(2, -8)}}, {}, RUN, wait=True)
    assert checkpoints.steps == list(range(1, 9)) and checkpoints.params(8)["x"][0] == -8
    with pytest.raises(ValueError, match="holds step 8, later than step 5"):
        checkpoints.save(5, {"params": {"x": jnp.ones(2)}}, {}, RUN)


def test_average_is_the_mean_of_the_checkpoints_named(tmp_path):
    checkpoints, _ = saved(tmp_path, (1, 2, 3, 4))
    kernels = [np.asarray(state_at(step).params["encoder"]["kernel"], np.float64) for step in (2, 4)]
    mean = checkpoints.average((2, 4))
    assert np.array_equal(mean["encoder"]["kernel"], np.mean(kernels, 0).astype(np.float32))
    assert mean["bias"].dtype == jnp.bfloat16
    with pytest.raises(ValueError, match="at least one"):
        checkpoints.average(())
    with pytest.raises(ValueError, match="no checkpoint 7"):
        checkpoints.average((4, 7))
    flip(tmp_path / "4")
    with pytest.raises(ValueError, match="damaged"):
        checkpoints.average((2, 4))


def test_a_file_where_the_folder_should_be_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="checkpoint 1 could not be written.*File exists.*last good one: none"):
        Checkpoints(tmp_path / "file").save(1, state_at(1), {}, RUN, wait=True)


def test_a_full_disk_is_a_clear_error_and_the_last_good_one_stands(tmp_path, capfd):
    checkpoints, _ = saved(tmp_path, (1,))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    noise = jax.random.normal(jax.random.key(0), (200_000,))
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
        with pytest.raises(OSError, match=r"written \(File too large\); the last good one: 1$") as raised:
            checkpoints.save(2, state_at(2)._replace(params=noise), {}, RUN, wait=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in str(raised.value) and os.listdir(tmp_path) == ["1"]
    assert capfd.readouterr() == ("", "")
    assert bits(checkpoints.restore(abstract(state_at(0)))[0]) == bits(state_at(1))
    checkpoints.save(2, state_at(2), {}, RUN, wait=True)
    assert checkpoints.latest == 2


FULL = """
import gc, resource, sys, jax.numpy as jnp
from train.folder.checkpoint import Checkpoints
from train.folder.manifest import FORMAT
from experiments.__main__ import end_at_once
checkpoints = Checkpoints(sys.argv[1])
noise = {f"w{i}": jax.random.normal(jax.random.key(i), (20_000,)) for i in range(20)}
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
for wait in (True, False, True):
    try:
        checkpoints.save(1, {"params": noise}, {}, {"format": FORMAT}, wait=wait)
    except OSError as error:
        assert "the last good one: none" in str(error)
try:
    checkpoints.close()
except OSError:
    pass
gc.collect()
end_at_once(0)  # as a command ends: orbax's threads may wait ten minutes for a folder that was never made
"""


@pytest.mark.parametrize("room", [0, 100, 1000, 30_000])
def test_a_full_disk_is_told_by_no_thread(room, tmp_path):
    out, err = python(FULL, tmp_path, room).communicate(timeout=100)
    assert (out, err) == ("", "")


def python(code: str, *arguments: object, devices: int = 1) -> subprocess.Popen:
    program = f"import jax\njax.config.update('jax_num_cpu_devices', {devices})\n{code}"
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
    environment["JAX_ENABLE_COMPILATION_CACHE"] = "0"  # which a full disk would stop too
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


KILLED_AGAIN_AND_AGAIN = """
import itertools, os, pathlib, random, signal, sys, time, warnings
import jax.numpy as jnp
from train.folder.checkpoint import Checkpoints
from train.folder.manifest import FORMAT

warnings.filterwarnings("ignore", message="os.fork")
folder = pathlib.Path(sys.argv[1])

def save_for_ever():
    weights = {f"w{i}": jax.ShapeDtypeStruct((300, 100), "int32") for i in range(8)}
    abstract = {"params": weights, "step": jax.ShapeDtypeStruct((), "int32")}
    checkpoints = Checkpoints(folder, keep=2)
    state, iterator, start, _ = checkpoints.restore(abstract) or (None, None, 0, None)
    assert start == 0 or iterator["batch"] == start
    assert start == 0 or all((leaf == start).all() for leaf in jax.tree.leaves(state))
    for step in itertools.count(start + 1):
        state = jax.tree.map(lambda leaf: jnp.full(leaf.shape, step, leaf.dtype), abstract)
        checkpoints.save(step, state, {"batch": step}, {"format": FORMAT})

for seed in range(5):
    goal = (Checkpoints(folder).latest or 0) + 2
    child = os.fork()  # before any device is touched: the libraries are imported once for all five
    if child == 0:
        save_for_ever()
    while (Checkpoints(folder).latest or 0) < goal and os.waitpid(child, os.WNOHANG) == (0, 0):
        time.sleep(0.01)
    time.sleep(random.Random(seed).uniform(0, 0.1))
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
"""


def test_kill_9_in_the_middle_of_saves_always_leaves_a_whole_state(tmp_path):
    out, err = python(KILLED_AGAIN_AND_AGAIN, tmp_path).communicate(timeout=100)
    assert (out, err) == ("", "")
    (tmp_path / "99.orbax-checkpoint-tmp").mkdir()
    checkpoints = Checkpoints(tmp_path, keep=2)
    leaves = {f"w{i}": jnp.zeros((300, 100), jnp.int32) for i in range(8)}
    state, iterator, step, _ = checkpoints.restore(abstract({"params": leaves, "step": jnp.int32(0)}))
    assert all(bool(jnp.all(leaf == step)) for leaf in jax.tree.leaves(state))
    assert step >= 10 and iterator == {"batch": step}
    checkpoints.save(step + 1, state, iterator, RUN, wait=True)
    assert {path.name for path in tmp_path.iterdir()} == {str(step), str(step + 1)}


ON_MESH = """
import sys, jax.numpy as jnp, numpy as np
from jax.sharding import NamedSharding, PartitionSpec as P
from train.folder.checkpoint import Checkpoints
from train.folder.manifest import FORMAT
mesh = jax.make_mesh((len(jax.devices()),), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
x = np.random.default_rng(0).normal(size=(8, 12)).astype(np.float32)
checkpoints = Checkpoints(sys.argv[2])
if sys.argv[1] == "save":
    rows = NamedSharding(mesh, P("data", None))
    checkpoints.save(1, {"params": {"x": jax.device_put(x, rows)}}, {}, {"format": FORMAT}, wait=True)
else:
    columns = NamedSharding(mesh, P(None, "data"))
    state = {"params": {"x": jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=columns)}}
    found = checkpoints.restore(state)[0]["params"]["x"]
    assert found.sharding == columns and len(found.sharding.device_set) == 2
    assert np.asarray(found).tobytes() == x.tobytes()
"""


def test_saved_on_four_devices_restored_on_two_and_quiet(tmp_path):
    for deed, devices in (("save", 4), ("restore", 2)):
        process = python(ON_MESH, deed, tmp_path, devices=devices)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (0, "", "")


def test_a_stray_file_is_no_checkpoint(tmp_path):
    for name in ("5", "²", "9" * 5000):
        with contextlib.suppress(OSError):  # a name that is too long for the file system
            (tmp_path / name).write_text("")
    assert Checkpoints(tmp_path).steps == []
