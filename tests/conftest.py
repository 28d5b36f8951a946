"""What every test shares: two simulated devices, compiled programs, and where real data is, if anywhere."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_data import REAL

# What a worker or a tested command has compiled no other compiles again, as long as the suite runs.
FIRST = "PYTEST_XDIST_WORKER" not in os.environ
if FIRST:
    os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="lookback-compiled-")
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"

# Tolerances are those of a CPU's float32, and two devices are simulated, on a machine with a GPU too;
# `make gpu-check` is what measures that one.
os.environ.setdefault("JAX_PLATFORMS", "cpu")

# As for users: with no thread but one a device, all may wait in an all-reduce and none is left to compute.
os.environ.setdefault("PJRT_NPROC", str(2 * max(os.cpu_count() or 1, 2)))

import jax  # noqa: E402
from xla_flags import FLAGS  # noqa: E402

# Flags of the environment come last and win.
os.environ["XLA_FLAGS"] = " ".join([*FLAGS, os.environ.get("XLA_FLAGS", "")]).strip()
jax.config.update("jax_num_cpu_devices", 2)
XLA_FLAGS = os.environ["XLA_FLAGS"]
jax.devices()  # from here on this process has these devices and flags, whatever a tested command sets up
gc.set_threshold(50_000, 20, 100)  # tracing makes objects by the million, and hardly a circle

# Files of a minute and more of one processor: they begin first, so that none is left alone at the end.
LONG = (
    "experiments/test_smoke.py",
    "experiments/test_documented_runs.py",
    "experiments/test_documented_commands.py",
    "contract/test_decoder.py",
    "contract/test_encoder_decoder.py",
    "attention/test_blocked.py",
    "train/test_resume.py",
    "loop/test_step.py",
    "loop/test_training.py",
    "decoding/test_search.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files stay together, which matters to those that draw their numbers one test after another."""
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONG))


@pytest.fixture
def same_flags() -> dict[str, str]:
    """The environment of another process that shall compile, bit for bit, what this one does."""
    return os.environ | {"XLA_FLAGS": XLA_FLAGS}


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real corpora; the test is skipped where there is none."""
    if not REAL.is_dir():
        pytest.skip(f"no real data in {REAL}")
    return REAL


def pytest_sessionfinish() -> None:
    """The programs go with the suite."""
    if FIRST:
        shutil.rmtree(os.environ["JAX_COMPILATION_CACHE_DIR"], ignore_errors=True)


@pytest.fixture(scope="session")
def as_children() -> Iterator[None]:
    """Subprocesses import the project from here, have two devices as well, and look for no real data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_NUM_CPU_DEVICES", "2")
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
        patch.delenv("LOOKBACK_DATA", raising=False)
        yield
