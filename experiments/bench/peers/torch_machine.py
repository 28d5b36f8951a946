"""PyTorch on as many threads as there are cores; its largest product, and what is installed."""

import sys
from importlib import metadata

from experiments.bench.work import Work, cores

PACKAGES = ("torch", "transformers", "ctranslate2", "gensim")


def describe() -> Work:
    """The peers that are installed, and Python, with their versions, as facts."""
    versions = {"python": sys.version.split()[0]}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    return Work(lambda: None, facts={"versions": versions})


def device() -> str:
    """Where PyTorch works; its threads are set on the way."""
    import torch

    torch.set_num_threads(cores())
    return "cuda" if torch.cuda.is_available() else "cpu"


def wait(result=None) -> None:
    """CUDA works on after a call has returned."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()


def memory():
    """CUDA's own count of the bytes taken at most from here on; None where resident memory tells."""
    import torch

    if not torch.cuda.is_available():
        return None
    before = torch.cuda.memory_allocated()
    return lambda: torch.cuda.max_memory_allocated() - before


def product(size: int, dtype: str) -> Work:
    """A product of two square matrices."""
    place = device()
    import torch

    left, right = (torch.ones(size, size, dtype=getattr(torch, dtype), device=place) for _ in range(2))
    return Work(lambda: left @ right, wait)
