"""The devices of this process: set up once, before jax looks for them, never against the user's own flags."""

import ctypes
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from data.files.folders import cache_folder

CPU_FLAGS = {
    # XLA spreads one product over threads poorly; one simulated device a core with rows split over them uses
    # the cores better for a whole training step.
    "xla_cpu_multi_thread_eigen": "false",
    "xla_cpu_prefer_vector_width": "512",
}
STARTS_WITHIN = 3600  # seconds between the first and the last process of a launch: queues are slow
MISSED_AFTER = 60  # seconds until a process that has died is missed by others that wait for it
MALLOPT = {"M_TRIM_THRESHOLD": (-1, 2**31 - 1), "M_MMAP_MAX": (-4, 0), "M_ARENA_MAX": (-8, 1)}  # <malloc.h>
LAUNCHERS = (  # how each says how many processes there are and which one this is; the first set is believed
    ("JAX_NUM_PROCESSES", "JAX_PROCESS_ID"),
    ("SLURM_STEP_NUM_TASKS", "SLURM_PROCID"),  # of srun alone: SLURM_NTASKS is set in a batch script as well
    ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"),
)


def cores() -> int:
    """The CPU cores that this process may use."""
    return len(core_numbers())


def core_numbers() -> tuple[int, ...]:
    """The numbers of the CPU cores that this process may use."""
    linux = sys.platform == "linux"
    return tuple(sorted(os.sched_getaffinity(0))) if linux else tuple(range(os.cpu_count() or 1))


def pin(process: int, numbers: Sequence[int]) -> None:
    """Give a process these cores alone, where the system can."""
    if sys.platform == "linux":
        os.sched_setaffinity(process, numbers)


def setup() -> None:
    """One CPU device a core, the flags above, memory kept, a compilation cache, the processes of a launcher.

    XLA_FLAGS, JAX_*, MALLOC_* and [PJRT_]NPROC variables that are set already win.
    """
    keep_memory()
    flags = os.environ.get("XLA_FLAGS", "")
    added = [f"--{name}={value}" for name, value in CPU_FLAGS.items() if name not in flags]
    os.environ["XLA_FLAGS"] = " ".join([flags, *added]).strip()
    # A device waits for the others in an all-reduce with a thread. Where a loop has one of its own, as with
    # split parameters, devices may come to two in unlike order: with a thread each none is left, XLA aborts.
    if "NPROC" not in os.environ:
        os.environ.setdefault("PJRT_NPROC", str(2 * cores()))
    import jax

    if "JAX_NUM_CPU_DEVICES" not in os.environ and "xla_force_host_platform_device_count" not in flags:
        jax.config.update("jax_num_cpu_devices", cores())
    if not jax.config.jax_compilation_cache_dir:
        jax.config.update("jax_compilation_cache_dir", str(cache_folder().with_name("compiled")))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 1.0)
    join_others()


def keep_memory() -> bool:
    """Let glibc keep what is freed instead of giving it back to the kernel; True where that was set.

    XLA's CPU backend allocates the temporaries of a step anew each time. glibc serves them by mmap, so that
    every page is faulted in and zeroed again: 133,000 faults and a third of the time of a Transformer's step
    (4,000 tokens, vocabulary 5,000: 1.05 s, and 0.69 s with memory kept).
    """
    if any(name.startswith("MALLOC_") for name in os.environ) or "GLIBC_TUNABLES" in os.environ:
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    return mallopt is not None and all(mallopt(*setting) == 1 for setting in MALLOPT.values())


def join_others() -> None:
    """Start jax.distributed where a launcher says that this is one process of several."""
    import jax

    try:
        place = place_among_others()
        if place is not None:
            jax.distributed.initialize(
                **place, initialization_timeout=STARTS_WITHIN, heartbeat_timeout_seconds=MISSED_AFTER
            )
    except ValueError as error:
        raise ValueError(
            f"cannot join the other processes: {error}; set JAX_COORDINATOR_ADDRESS=host:port and "
            "JAX_NUM_PROCESSES alike for all of them, JAX_PROCESS_ID from 0 up"
        ) from None


def place_among_others() -> dict[str, int] | None:
    """What to tell jax.distributed, None for a process by itself.

    It reads JAX_COORDINATOR_ADDRESS, and where that is not set asks Slurm or Open MPI 4 for the address; on
    Kubernetes and TPU pods it finds out the rest by itself too.
    """
    for count, own in LAUNCHERS:
        if count in os.environ:
            if (processes := int(os.environ[count])) == 1:
                return None
            if own not in os.environ:
                raise ValueError(f"{count} is {processes}, but {own} is not set")
            return {"num_processes": processes, "process_id": int(os.environ[own])}
    hosts = os.environ.get("TPU_WORKER_HOSTNAMES", "").split(",")  # of a slice of TPUs
    return {} if "JAX_COORDINATOR_ADDRESS" in os.environ or len(hosts) > 1 else None


def describe() -> str:
    """The devices in words: "2 x cpu (AMD EPYC)"."""
    import jax

    devices = jax.devices()
    kind = cpu_model() if devices[0].platform == "cpu" else devices[0].device_kind
    return f"{len(devices)} x {devices[0].platform} ({kind})"


def cpu_model() -> str:
    """The name of the processor, as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown model"
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "unknown model")


def precision() -> str | None:
    """What is computed in here unless a user says it."""
    import jax

    return suitable_precision(jax.default_backend())


def suitable_precision(backend: str) -> str | None:
    """bfloat16 on a GPU or TPU, whose fused kernels take no float32.

    None on a CPU, which computes in what a row says: it has no unit for bfloat16, and converts.
    """
    return None if backend == "cpu" else "bfloat16"


# Vaswani et al. 2017, §6.1, footnote 5
PUBLISHED_SUSTAINED = {"K80": 2.8e12, "K40": 3.7e12, "M40": 6.0e12, "P100": 9.5e12}


def sustained_flops() -> float:
    """FLOP/s one device sustains: the published figure where the lecture's method has one, else measured.

    Measured is the fastest of five float32 products of two 1024 x 1024 matrices, 2 x 1024^3 operations each.
    """
    import jax
    import jax.numpy as jnp

    device = jax.local_devices()[0]
    for name, flops in PUBLISHED_SUSTAINED.items():
        if name in device.device_kind:
            return flops
    matrix = jax.device_put(jnp.ones((1024, 1024)), device)
    product = jax.jit(jnp.matmul).lower(matrix, matrix).compile()
    product(matrix, matrix).block_until_ready()
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        product(matrix, matrix).block_until_ready()
        times.append(time.perf_counter() - begun)
    return 2 * 1024**3 / min(times)
