"""Corpora of captioned pictures: `items(split)` gives each picture with its captions."""

import dataclasses
import functools

from data.items.captioned import Captioned
from data.items.corpus import CaptionCorpus
from data.splits import known_split
from data.world.lexicon import Language
from data.world.pictures.scenes import SIDE, Scene, Scenes


@dataclasses.dataclass(frozen=True)
class GeneratedCaptions(CaptionCorpus):
    """Pictures of the generated world, each with the one sentence that it was drawn from, in a language."""

    scenes: Scenes = Scenes()
    language: Language = "en"

    @property
    def size(self) -> tuple[int, int]:
        """That of all scenes."""
        return SIDE, SIDE

    def drawn(self, split: str) -> tuple[Scene, ...]:
        """The scenes of a split, which know where each word is."""
        return _drawn(self.scenes, known_split(split))

    def items(self, split: str, data_dir: str | None = None) -> list[Captioned]:
        """Every scene of a split with its sentence."""
        return [
            Captioned(scene.picture, (scene.sentence.text(self.language),), f"{split} {number}")
            for number, scene in enumerate(self.drawn(split))
        ]

    def protocol(self, split: str) -> str:
        """The scenes, the language and the split."""
        return f"{self.scenes.describe(split)} {self.language}, {split}"


@functools.lru_cache(maxsize=6)
def _drawn(scenes: Scenes, split: str) -> tuple[Scene, ...]:
    """Made once a process: it takes seconds, and tokenizer, batches and evaluation all want it."""
    return tuple(scenes.scenes(split))
