"""Devices that a run can be compiled for without having them: a file in kinds/ each."""

import dataclasses
import os
import re
import tomllib
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import jax
from jax.experimental import topologies

from data.splits import known
from models.chip import Chip

FOLDER = Path(__file__).parent / "kinds"
COMPILERS = {  # of a backend: the packages of which one is enough, and the extra that brings it along
    "gpu": (("jax-cuda12-plugin", "jax-cuda13-plugin"), "plan-cuda"),
    "tpu": (("libtpu",), "plan-tpu"),
}


@dataclasses.dataclass(frozen=True)
class Hardware:
    """So many devices of a kind, and what one of them can: bytes, bytes a second, operations a second."""

    asked: str
    name: str
    count: int
    words: str
    backend: str
    capability: float | None = None
    memory: float | None = None
    bandwidth: float | None = None
    link: float | None = None
    peak: Mapping[str, float] = dataclasses.field(default_factory=dict)
    topologies: Mapping[str, str] = dataclasses.field(default_factory=dict)
    compiler: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def options(self) -> dict[str, bool]:
        """What its compiler is told: where none can be tried, products are the library's."""
        return {"xla_gpu_enable_triton_gemm": False} if self.backend == "gpu" else {}

    @property
    def chip(self) -> Chip:
        """What its programs are traced for."""
        return Chip(self.backend, self.capability, nvidia=self.backend == "gpu")

    def prepare(self) -> None:
        """Set what jax reads when it first looks for devices; before that.

        Programs are made here and run nowhere: the devices of this process are CPUs whatever it has.
        """
        jax.config.update("jax_platforms", "cpu")
        if self.backend == "cpu":
            jax.config.update("jax_num_cpu_devices", self.count)
        os.environ["TPU_SKIP_MDS_QUERY"] = "1"
        os.environ["JAX_SKIP_CUDA_CONSTRAINTS_CHECK"] = "1"
        # To time kernels against each other it would need the card.
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_autotune_level=0".strip()

    def devices(self) -> list:
        """The devices, which only compile; ValueError where their compiler is not installed."""
        if self.backend == "cpu":
            return jax.devices("cpu")[: self.count]
        packages, extra = COMPILERS[self.backend]
        if not any(map(installed, packages)):
            raise ValueError(
                f"--on {self.asked}: its compiler is not installed: pip install -e '.[{extra}]', or "
                f"--on cpu-{self.count}, where XLA splits the program likewise"
            )
        fits = {
            int(count): topology for count, topology in self.topologies.items() if int(count) >= self.count
        }
        topology = fits[min(fits)]
        if self.backend == "tpu":
            return topologies.get_topology_desc(topology, platform="tpu").devices[: self.count]
        card = textproto(self.compiler)
        found = topologies.get_topology_desc(
            self.name, platform="cuda", topology=topology, target_config=card
        )
        return found.devices[: self.count]


def installed(package: str) -> bool:
    """Whether a package is here."""
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def textproto(fields: Mapping[str, Any]) -> str:
    """Fields as protobuf's text format has them."""
    lines = (
        f"{name} {{ {textproto(value)} }}" if isinstance(value, Mapping)
        else f"{name} {value}" if str(value).startswith("{")
        else f"{name}: {value}"
        for name, value in fields.items()
    )  # fmt: skip
    return " ".join(lines)


def named(text: str) -> Hardware:
    """h200x8, v5e-8, cpu-4, or h200, one of them; ValueError that says which there are."""
    found = re.fullmatch(r"(?P<name>\w+?)(?:[x-](?P<count>\d+))?", text)
    name = known(
        "target", found["name"] if found else text, sorted(path.stem for path in FOLDER.glob("*.toml"))
    )
    count = int(found["count"] or 1)
    fields = tomllib.loads((FOLDER / f"{name}.toml").read_text())
    most = max(map(int, fields.get("topologies", {"1024": ""})))
    if not 1 <= count <= most:
        raise ValueError(f"--on {text}: from 1 to {most} of {name}")
    return Hardware(text, name, count, **fields)
