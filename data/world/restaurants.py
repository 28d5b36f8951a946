"""Restaurants of the generated world: what several reviews say together."""

import dataclasses
import functools

import numpy as np

from data.fields import Positive
from data.items.corpus import LabelledCorpus
from data.items.labelled import Labelled
from data.splits import SPLITS, known_split
from data.world.tasks import WorldRating


@dataclasses.dataclass(frozen=True)
class WorldRestaurants(LabelledCorpus):
    """Restaurants with `each` reviews, one a line, and the mean of the stars that these give.

    The world's reviews are of no place: they are dealt out. A restaurant is as good as a number drawn from 1
    to 5, and each time that its turn comes it takes of `candidates` reviews the one whose stars are nearest
    to it. No review is of two restaurants; those that are left over are of none.
    """

    scored = True
    grouped = True
    reviews: WorldRating = WorldRating()
    each: Positive = 8
    candidates: Positive = 4

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        """As many restaurants as the reviews of the split are enough for."""
        return [Labelled("\n".join(one.first for one in own), None, stars(own)) for own in dealt(self, split)]

    def protocol(self, split: str) -> str:
        """How the reviews are dealt out, and which these are."""
        changed = self.changed("reviews", "each")
        of = f" ({changed})" if changed else ""
        return f"restaurants of {self.each} reviews{of}, {self.reviews.protocol(split)}"


@dataclasses.dataclass(frozen=True)
class RestaurantReviews(LabelledCorpus):
    """The reviews of restaurants, each by itself with the stars of its restaurant: its own are not known."""

    scored = True
    marks = True
    restaurants: WorldRestaurants = WorldRestaurants()

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        """The reviews of one restaurant after another."""
        every = dealt(self.restaurants, split)
        return [one._replace(target=stars(own)) for own in every for one in own]

    def protocol(self, split: str) -> str:
        """Which restaurants these are."""
        return f"single reviews with the stars of their restaurant: {self.restaurants.protocol(split)}"


def stars(reviews: tuple[Labelled, ...]) -> float:
    """The mean of what these reviews give."""
    return float(np.mean([one.target for one in reviews]))


@functools.lru_cache(maxsize=8)
def dealt(corpus: WorldRestaurants, split: str) -> tuple[tuple[Labelled, ...], ...]:
    """The reviews of each restaurant of a split: a function of the split and the fields alone."""
    reviews = corpus.reviews.items(known_split(split))
    count = len(reviews) // corpus.each
    if not count:
        raise ValueError(
            f"{corpus.protocol(split)}: {len(reviews)} reviews are not enough for one restaurant: raise "
            f"reviews.world.{split}"
        )
    draw = np.random.default_rng((SPLITS.index(split), 2004))
    quality = draw.uniform(1, 5, size=count)
    free, found = list(range(len(reviews))), [[] for _ in range(count)]
    for _ in range(corpus.each):
        for restaurant in draw.permutation(count):
            places = draw.integers(len(free), size=corpus.candidates)
            far = [abs(reviews[free[place]].target - quality[restaurant]) for place in places]
            place = int(places[int(np.argmin(far))])
            free[place], free[-1] = free[-1], free[place]
            found[restaurant].append(reviews[free.pop()])
    return tuple(map(tuple, found))
