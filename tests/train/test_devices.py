"""Memory that XLA frees is kept by the process, unless the user has settled that."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import ctypes
import resource
from train.devices import keep_memory

kept = keep_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
size = 80 * 2**20
faults = []
for _ in range(5):
    block = ctypes.c_void_p(libc.malloc(ctypes.c_size_t(size)))
    ctypes.memset(block, 1, size)
    libc.free(block)
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
print(kept, faults[-1] - faults[1])
"""

glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt is glibc's")


def kept_and_faults(**environment: str) -> tuple[bool, int]:
    """Whether memory was kept, and the pages faulted in by the last 3 of 5 blocks of 20,480 pages."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=settings | {"PYTHONPATH": str(Path(__file__).parents[2])} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    kept, faults = ran.stdout.split()
    return kept == "True", int(faults)


@glibc
def test_a_block_that_was_freed_is_not_faulted_in_again():
    kept, faults = kept_and_faults()
    assert kept and faults < 500


@glibc
@pytest.mark.parametrize(
    "name, value", [("MALLOC_ARENA_MAX", "4"), ("GLIBC_TUNABLES", "glibc.malloc.check=0")]
)
def test_the_users_own_settings_win(name, value):
    kept, faults = kept_and_faults(**{name: value})
    assert not kept and faults > 10_000
