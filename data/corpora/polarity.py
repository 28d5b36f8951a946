"""Reviews with stars as reviews for or against: a classification task without a download."""

import dataclasses

from data.items.labelled import Labelled
from data.world.tasks import WorldRating


@dataclasses.dataclass(frozen=True)
class Polarity:
    """Of the generated world's reviews those of more than `middle` stars against those of less.

    What has just so many is left out, as neutral sentences are of SST-2.
    """

    reviews: WorldRating = WorldRating()
    middle: float = 3.0

    scored = False
    labels = ("negative", "positive")

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        stars = self.reviews.items(split, data_dir)
        return [
            one._replace(target=int(one.target > self.middle)) for one in stars if one.target != self.middle
        ]

    def protocol(self, split: str) -> str:
        return f"{self.reviews.protocol(split)}, more or less than {self.middle:g} stars"
