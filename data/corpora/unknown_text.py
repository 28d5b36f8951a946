"""The text that published weights were trained on: it is not there, and nothing can be read of it."""

import dataclasses

from data.items.corpus import TextCorpus


@dataclasses.dataclass(frozen=True)
class UnknownText(TextCorpus):
    """What stands for the corpus of weights that came without one; every split of it is a ValueError."""

    abstract = True  # no user's to set

    def text(self, split: str, data_dir: str | None = None) -> str:
        """ValueError: nobody here has it."""
        raise ValueError(
            "published weights come without the text they were trained on: give one, as in --on text.txt"
        )

    def protocol(self, split: str) -> str:
        """unknown text SPLIT."""
        return f"unknown text {split}"
