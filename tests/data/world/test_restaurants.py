"""Reviews are dealt out once each, to restaurants that differ, and stay what they are."""

from collections import Counter

import numpy as np
import pytest

from data.world.restaurants import RestaurantReviews, WorldRestaurants
from data.world.tasks import WorldRating
from data.world.world import World

REVIEWS = WorldRating(World(train=203, valid=16, test=7))
CORPUS = WorldRestaurants(REVIEWS)
ITEMS = CORPUS.items("train")


def test_a_restaurant_has_eight_reviews_and_the_mean_of_their_stars_and_no_review_is_of_two():
    stars = {one.first: one.target for one in REVIEWS.items("train")}
    assert len(ITEMS) == 25
    every = [line for one in ITEMS for line in one.first.split("\n")]
    assert len(every) == 200 and max(Counter(every).values()) == 1 and set(every) <= set(stars)
    for one in ITEMS:
        lines = one.first.split("\n")
        assert len(lines) == 8 and one.target == pytest.approx(np.mean([stars[line] for line in lines]))


def test_reviews_of_a_restaurant_are_more_alike_than_those_dealt_out_blindly():
    spread = lambda corpus: np.std([one.target for one in corpus.items("train")])
    assert spread(CORPUS) > 1.5 * spread(WorldRestaurants(REVIEWS, candidates=1))


def test_single_reviews_have_the_stars_of_their_restaurant_and_their_own_marks():
    marked = {one.first: one.marked for one in REVIEWS.items("train")}
    single = RestaurantReviews(CORPUS).items("train")
    at = 0
    for one in ITEMS:
        for line in one.first.split("\n"):
            assert (single[at].first, single[at].target) == (line, one.target)
            assert single[at].marked == marked[line] != ()
            at += 1
    assert at == len(single)


def test_the_same_are_dealt_at_every_call_and_the_reviews_stay_as_they_were():
    before = REVIEWS.items("valid")
    assert WorldRestaurants(REVIEWS).items("valid") == CORPUS.items("valid")
    assert WorldRestaurants(REVIEWS, each=4).items("valid") != CORPUS.items("valid")
    assert REVIEWS.items("valid") == before


def test_too_few_reviews_for_one_are_told_in_one_line():
    with pytest.raises(ValueError, match=r"7 reviews are not enough .* reviews.world.test$") as error:
        CORPUS.items("test")
    assert "\n" not in str(error.value)
