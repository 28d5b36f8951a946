"""Line charts as inline SVG: a point a seed, a line through the means. Text is text, and grows with them."""

import dataclasses
import html
import math
import statistics
from collections.abc import Mapping, Sequence

from experiments.pictures import plots

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 190, 12, 44
COLOURS = (*plots.COLOURS[:-1], "currentColor")  # for black the page's own colour of text
DASHES = ("", "6 3", "2 3", "8 3 2 3")
Points = Sequence[tuple[float, float]]


@dataclasses.dataclass(frozen=True)
class Axis:
    """From numbers to places between `low` and `high`, by their logarithms where `log`."""

    values: tuple[float, float]
    places: tuple[float, float]
    log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a number."""
        first, last = map(self.scale, self.values)
        share = (self.scale(value) - first) / ((last - first) or 1.0)
        return self.places[0] + share * (self.places[1] - self.places[0])

    def scale(self, value: float) -> float:
        """The number, or its logarithm."""
        return math.log10(value) if self.log else value

    @property
    def ticks(self) -> list[float]:
        """Round numbers between the ends: powers of ten, or four to eight steps of 1, 2 or 5."""
        first, last = self.values
        if self.log:
            return [
                10.0**power for power in range(math.ceil(math.log10(first)), math.floor(math.log10(last)) + 1)
            ]
        step = 10.0 ** math.floor(math.log10((last - first) / 4 or 1.0))
        step *= next(times for times in (1, 2, 5, 10) if (last - first) / (step * times) <= 8)
        count = math.floor(last / step) - math.ceil(first / step) + 1
        return [step * (math.ceil(first / step) + at) for at in range(count)]


def chart(
    series: Mapping[str, Sequence[Points]], x: str, y: str, log_x: bool = False, log_y: bool = False
) -> str:
    """{name: the points of each seed} as an SVG; "" where there is nothing to draw.

    Numbers that are not finite, and those that have no logarithm where one is taken, are left out.
    """
    shown = {
        name: [[(a, b) for a, b in seed if drawable(a, log_x) and drawable(b, log_y)] for seed in seeds]
        for name, seeds in series.items()
    }
    shown = {name: [seed for seed in seeds if seed] for name, seeds in shown.items()}
    points = [point for seeds in shown.values() for seed in seeds for point in seed]
    if not points:
        return ""
    across = Axis(span([a for a, _ in points]), (LEFT, WIDTH - RIGHT), log_x)
    up = Axis(span([b for _, b in points]), (HEIGHT - BOTTOM, TOP), log_y)
    names = [name for name, seeds in shown.items() if seeds]
    drawn = [line(name, shown[name], number, len(names), across, up) for number, name in enumerate(names)]
    return "\n".join(
        [
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(f"{y} against {x}")}">',
            *frame(across, up, x, y),
            *drawn,
            "</svg>",
        ]
    )


def drawable(value: float, log: bool) -> bool:
    """Whether a number has a place."""
    return math.isfinite(value) and (not log or value > 0)


def span(values: Sequence[float]) -> tuple[float, float]:
    """The ends of an axis that holds all of them."""
    low, high = min(values), max(values)
    return (low, high) if low < high else (low - abs(low or 1.0) / 2, high + abs(high or 1.0) / 2)


def frame(across: Axis, up: Axis, x: str, y: str) -> list[str]:
    """Axes, their ticks and labels."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    found = [f'<path class="axis" d="M{LEFT} {TOP}V{bottom}H{right}"/>']
    for value in across.ticks:
        place = across(value)
        found.append(
            f'<text class="tick" x="{place:.1f}" y="{bottom + 16}" text-anchor="middle">{short(value)}</text>'
        )
    for value in up.ticks:
        place = up(value)
        found.append(f'<path class="grid" d="M{LEFT} {place:.1f}H{right}"/>')
        found.append(
            f'<text class="tick" x="{LEFT - 6}" y="{place + 4:.1f}" text-anchor="end">{short(value)}</text>'
        )
    middle = (LEFT + right) / 2
    found.append(
        f'<text class="label" x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{html.escape(x)}</text>'
    )
    height = (TOP + bottom) / 2
    turned = f'text-anchor="middle" transform="rotate(-90 14 {height})"'
    found.append(f'<text class="label" x="14" y="{height}" {turned}>{html.escape(y)}</text>')
    return found


def line(name: str, seeds: Sequence[Points], number: int, count: int, across: Axis, up: Axis) -> str:
    """One series: its points, the line of their means, and its name at the right."""
    colour, dash = COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]
    by_x: dict[float, list[float]] = {}
    for a, b in (point for seed in seeds for point in seed):
        by_x.setdefault(a, []).append(b)
    means = [(across(a), up(statistics.fmean(values))) for a, values in sorted(by_x.items())]
    path = "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in means)
    dots = "".join(
        f'<circle cx="{across(a):.1f}" cy="{up(b):.1f}" r="2.2"/>' for seed in seeds for a, b in seed
    )
    step = min(18.0, (HEIGHT - TOP - BOTTOM) / count)
    place = TOP + 8 + number * step
    left = WIDTH - RIGHT + 12
    return (
        f'<g stroke="{colour}" fill="{colour}"><title>{html.escape(name)}</title>'
        f'<path fill="none" stroke-width="1.6" stroke-dasharray="{dash}" d="{path}"/>'
        f'<g stroke="none" opacity=".55">{dots}</g>'
        f'<path stroke-width="2" stroke-dasharray="{dash}" d="M{left} {place - 4}h16"/>'
        f'<text class="key" stroke="none" x="{left + 22}" y="{place}">{html.escape(name)}</text></g>'
    )


def short(value: float) -> str:
    """950, 2k, 1.5M, 0.01"""
    for power, mark in ((6, "M"), (3, "k")):
        if abs(value) >= 10**power:
            return f"{value / 10**power:g}{mark}"
    return f"{value:.4g}"
