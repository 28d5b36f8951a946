"""What goes by a distance says so by its name, and is found by it."""

import pytest

from train.metrics.distances import at_distance, by_distance, distance_of


@pytest.mark.parametrize("distance", [0, 1, 48, 1000])
def test_a_name_tells_its_distance(distance):
    assert distance_of(at_distance(distance)) == distance


@pytest.mark.parametrize(
    "name", ["test", "distance", "distance ", "distance x", "recall, distance 8", "layer 3"]
)
def test_other_names_tell_none(name):
    assert distance_of(name) is None


def test_results_are_sorted_by_distance_of_each_metric():
    results = {
        ("accuracy", "distance 8"): 40.0,
        ("accuracy", "distance 1"): 90.0,
        ("cue", "distance 48"): 1.0,
        ("accuracy", "test"): 50.0,
    }
    assert by_distance(results) == {"accuracy": [(1, 90.0), (8, 40.0)], "cue": [(48, 1.0)]}
