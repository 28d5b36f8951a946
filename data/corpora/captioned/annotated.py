"""Captioned pictures as vectors of their places, which a network that was trained before makes once."""

import dataclasses
import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from data.files import folders, whole
from data.items.annotating import PictureNetwork
from data.items.captioned import Captioned, Picture
from data.items.corpus import CaptionCorpus

FOLDER = "annotations"


@dataclasses.dataclass(frozen=True)
class Annotated(CaptionCorpus):
    """Another corpus whose pictures are given as annotations by a network, [R C D] in half precision.

    They are kept in the cache folder, under the digest of the network and of the pictures, so that they are
    made once whatever is trained on them.
    """

    corpus: CaptionCorpus
    network: PictureNetwork

    annotated = True

    @property
    def language(self) -> str:
        """That of the captions."""
        return self.corpus.language

    @property
    def size(self) -> tuple[int, int]:
        """That of the pictures, in pixels."""
        return self.corpus.size

    def items(self, split: str, data_dir: str | None = None) -> Sequence[Captioned]:
        """The items of the corpus, each with its annotations for a picture."""
        return _items(self, split, data_dir)

    def pictured(self, split: str, data_dir: str | None = None) -> Sequence[Captioned]:
        """The items of the corpus."""
        return self.corpus.pictured(split, data_dir)

    def given(self, pictures: Sequence[Picture]) -> Sequence[Picture]:
        """The annotations of pictures."""
        return [*self.network(self.corpus.given(pictures)).astype(np.float16)]

    def sentences(self, split: str, data_dir: str | None = None) -> list[str]:
        """Those of the corpus."""
        return self.corpus.sentences(split, data_dir)

    def protocol(self, split: str) -> str:
        """The corpus's, and the network."""
        return f"{self.corpus.protocol(split)}, annotated by {self.network.describe()}"


@functools.lru_cache(maxsize=6)
def _items(corpus: Annotated, split: str, data_dir: str | None) -> tuple[Captioned, ...]:
    """Read or made once a process."""
    items = corpus.corpus.items(split, data_dir)
    found = kept(corpus, [item.picture for item in items])
    return tuple(item._replace(picture=one) for item, one in zip(items, found, strict=True))


def kept(corpus: Annotated, pictures: Sequence[Picture]) -> Float[np.ndarray, "n R C D"]:
    """The annotations of these pictures, from the cache folder or else put there."""
    digest = hashlib.sha256(corpus.network.digest().encode())
    for picture in pictures:
        digest.update(f"{picture.shape} {picture.dtype}".encode() + picture.tobytes())
    path = folders.cache_folder().with_name(FOLDER) / f"{digest.hexdigest()}.npy"
    if (found := loaded(path)) is not None and len(found) == len(pictures):
        return found
    made = np.stack(corpus.given(pictures)) if len(pictures) else np.zeros((0, 1, 1, 1), np.float16)
    with whole.writing_among_others(path) as file:
        np.save(file, made, allow_pickle=False)
    return made


def loaded(path: Path) -> np.ndarray | None:
    """The array of a file; None where there is none, or it is damaged and has to be made again."""
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
