"""RSICD: pictures from the air with five captions each."""

import dataclasses
import functools
from pathlib import Path

from data.fields import Positive, brief
from data.files import compressed, folders, json_text, picture_files
from data.items.captioned import Captioned
from data.items.corpus import CaptionCorpus
from data.splits import known_split

SPLITS = {"train": "train", "valid": "val", "test": "test"}


@dataclasses.dataclass(frozen=True)
class RSICD(CaptionCorpus):
    """8,734 / 1,094 / 1,093 pictures from the air, five captions each -- Lu et al. 2018, their own split.

    Captions are the tokens of the published file: lower-cased, without punctuation. Pictures are scaled to
    `side` x `side` pixels. Of most pictures several captions are the same; only 724 have five that differ.
    """

    side: Positive = 112
    language = "en"

    @property
    def size(self) -> tuple[int, int]:
        """`side` both ways."""
        return self.side, self.side

    def items(self, split: str, data_dir: str | None = None) -> tuple[Captioned, ...]:
        """Every picture of a split with its captions."""
        known_split(split)
        archive = folders.locate("rsicd/RSICD_images.zip", data_dir)
        return _pictured(archive, captions_file(data_dir), split, self.side)

    def sentences(self, split: str, data_dir: str | None = None) -> list[str]:
        """All captions of a split, without a look at the pictures."""
        known_split(split)
        found = _captions(captions_file(data_dir))[SPLITS[split]]
        return [caption for captions in found.values() for caption in captions]

    def protocol(self, split: str) -> str:
        """RSICD, the pictures' size and the split."""
        return f"RSICD, {self.side} x {self.side} pixels, {SPLITS[known_split(split)]}"


def captions_file(data_dir: str | None) -> Path:
    """Where the captions are."""
    return folders.locate("rsicd/dataset_rsicd.json", data_dir)


@functools.lru_cache(maxsize=3)
def _pictured(archive: Path, captions: Path, split: str, side: int) -> tuple[Captioned, ...]:
    """Read once a process: it takes seconds, and batches and evaluation want it."""
    wanted = _captions(captions)[SPLITS[split]]
    found = zip(wanted.items(), compressed.zip_members(archive, wanted), strict=True)
    return tuple(
        Captioned(picture_files.decoded(content, f"{archive}:{name}", (side, side)), said, name)
        for (name, said), content in found
    )


@functools.lru_cache(maxsize=2)
def _captions(path: Path) -> dict[str, dict[str, tuple[str, ...]]]:
    """{split of the file: {picture: its captions}} of a file in Karpathy's layout."""
    found: dict[str, dict[str, tuple[str, ...]]] = {split: {} for split in SPLITS.values()}
    images = json_text.read_object(path).get("images")
    if not isinstance(images, list):
        raise ValueError(f'{path}: no list of "images": it is another file than its name says')
    for number, image in enumerate(images):
        try:
            captions = tuple(" ".join(sentence["tokens"]) for sentence in image["sentences"])
            name, split = str(image["filename"]), str(image["split"])
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"{path}: images[{number}] needs filename, split and sentences with tokens ({error!r})"
            ) from None
        if split not in found or not captions:
            raise ValueError(
                f"{path}: images[{number}], {name[:40]}: split {brief(split)} is none of {', '.join(found)}, "
                "or it has no sentence"
            )
        found[split][name] = captions
    return found
