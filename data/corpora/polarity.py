"""Reviews with stars as reviews for or against: a classification task without a download."""

import dataclasses
from typing import Annotated

from data.fields import Bound
from data.items.corpus import LabelledCorpus
from data.items.labelled import Labelled
from data.world.tasks import WorldRating


@dataclasses.dataclass(frozen=True)
class Polarity(LabelledCorpus):
    """Of the generated world's reviews those of more than `middle` stars against those of less.

    What has just so many is left out, as neutral sentences are of SST-2. Words of value are marked.
    """

    marks = True
    reviews: WorldRating = WorldRating()
    middle: Annotated[float, Bound(above=1, below=5)] = 3.0

    labels = ("negative", "positive")

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        """The reviews that are not of `middle` stars, each with its class."""
        stars = self.reviews.items(split, data_dir)
        return [
            one._replace(target=int(one.target > self.middle)) for one in stars if one.target != self.middle
        ]

    def protocol(self, split: str) -> str:
        """The reviews, the split, and what divides the classes."""
        return f"{self.reviews.protocol(split)}, more or less than {self.middle:g} stars"
