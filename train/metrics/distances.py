"""Results that go by a distance in words or steps: what they are called, and what such a name tells of it."""

from collections.abc import Mapping
from typing import Any

PREFIX = "distance "


def at_distance(distance: int) -> str:
    """The name of a result at this distance."""
    return f"{PREFIX}{distance}"


def distance_of(name: str) -> int | None:
    """The distance of a result by its name, None for one that goes by something else."""
    told = name.removeprefix(PREFIX)
    return int(told) if name.startswith(PREFIX) and told.isdecimal() else None


def by_distance(results: Mapping[tuple[str, str], Any]) -> dict[str, list[tuple[int, Any]]]:
    """{metric: (distance, result), nearest first} of results by metric and name; others are left out."""
    found: dict[str, list[tuple[int, Any]]] = {}
    for (metric, name), result in results.items():
        if (distance := distance_of(name)) is not None:
            found.setdefault(metric, []).append((distance, result))
    return {metric: sorted(points, key=lambda point: point[0]) for metric, points in found.items()}
