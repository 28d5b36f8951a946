"""What every test shares: two simulated devices, and where real data is if there is any."""

import os
from pathlib import Path

import jax
import pytest
from real_data import REAL
from xla_flags import FLAGS

# Flags of the environment come last and win.
os.environ["XLA_FLAGS"] = " ".join([*FLAGS, os.environ.get("XLA_FLAGS", "")]).strip()
jax.config.update("jax_num_cpu_devices", 2)
XLA_FLAGS = os.environ["XLA_FLAGS"]
jax.devices()  # from here on this process has these devices and flags, whatever a tested command sets up

# Files of a minute and more of one processor: they begin first, so that none is left alone at the end.
LONG = (
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


@pytest.fixture(scope="session")
def compiled_once(tmp_path_factory) -> None:
    """A program that several runs or subprocesses need is compiled by the first of them only."""
    folder = str(tmp_path_factory.mktemp("compiled"))
    settings = {"compilation_cache_dir": folder, "persistent_cache_min_compile_time_secs": 0}
    for name, value in settings.items():
        jax.config.update(f"jax_{name}", value)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (settings | {"num_cpu_devices": 2}).items():
            patch.setenv(f"JAX_{name.upper()}", str(value))
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
        patch.delenv("LOOKBACK_DATA", raising=False)
        yield
