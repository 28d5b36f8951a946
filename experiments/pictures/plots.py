"""The figures: alignments as heat maps, learning curves, BLEU against length, what is left at a distance.

Of several seeds each is a point, and their mean the line. A caption below says of which runs a figure is.
Each is written to `path` where there is one, and returned: a notebook's cell that ends with it shows it.
matplotlib is loaded by the functions that draw, and drawn without a display.
"""

import contextlib
import math
import re
import statistics
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Shaped

from experiments.pictures import fonts
from experiments.pictures.pieces import shown
from train.folder.record import Record

if TYPE_CHECKING:
    from experiments.pictures.picture import Picture

# Okabe & Ito 2008: told apart by every common kind of colour vision, and by line style besides.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vPX"
CORPUS = re.compile(r"[^(,]*(\([^)]*\))?[^,]*")  # of a protocol, what stands before its split and sizes
PAGE = 8.0  # inches across: as wide as a page of GitHub, 10 points are then 14 of its 800 pixels


def look(number: int) -> dict[str, str]:
    """Colour and marker of a picture's curve of this number."""
    return {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}


STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": [fonts.BASE],
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelcolor": "#333333",
    "axes.edgecolor": "#888888",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.8,
    "xtick.color": "#666666",
    "ytick.color": "#666666",
    "xtick.labelcolor": "#333333",
    "ytick.labelcolor": "#333333",
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "lookback",  # the names of an SVG's parts, random else
    "pdf.fonttype": 42,  # whole TrueType fonts, which editors and publishers can read
    "savefig.dpi": 160,
    "savefig.bbox": "tight",
    "savefig.pad_inches": 0.15,
}


def alignment(
    weights: Shaped[np.ndarray, "T S"],
    source_pieces: Sequence[str],
    target_pieces: Sequence[str],
    path: Path | str | None = None,
    title: str = "",
    colour_bar: bool = False,
    caption: str = "",
) -> "Picture":
    """Where each target word looked, the source along the top  -- Bahdanau et al. 2015, Fig. 3.

    As there, white is a weight of 1 and black none: what is read is where the light falls. Pieces are shown
    as `pieces.shown` has them.
    """
    weights = np.asarray(weights, dtype=float)
    if weights.shape != (len(target_pieces), len(source_pieces)) or not weights.size:
        raise ValueError(
            f"{at(path)}weights of shape {weights.shape} do not fit {len(target_pieces)} target and "
            f"{len(source_pieces)} source pieces"
        )
    source_pieces, target_pieces = shown(source_pieces), shown(target_pieces)
    size = 0.34 * len(source_pieces), 0.34 * len(target_pieces)
    with drawn(path, 1, size, caption=caption) as (figure, (axes,)):
        figure.set_layout_engine("none")  # cells keep their size; saving makes room for the labels
        axes.set_position((0, 0, 1, 1))
        image = axes.imshow(weights, cmap="gray", vmin=0, vmax=1, aspect="equal", interpolation="nearest")
        axes.set_xticks(
            range(len(source_pieces)), verbatim(source_pieces), rotation=60, ha="left", va="bottom"
        )
        axes.set_yticks(range(len(target_pieces)), verbatim(target_pieces))
        for label in axes.get_xticklabels():
            label.set_rotation_mode("anchor")
        axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0, pad=5)
        axes.set_xticks(np.arange(-0.5, len(source_pieces)), minor=True)
        axes.set_yticks(np.arange(-0.5, len(target_pieces)), minor=True)
        axes.grid(False, which="major")
        axes.grid(True, which="minor", color="#4D4D4D", linewidth=0.6)
        axes.tick_params(which="minor", length=0)
        axes.spines[:].set_visible(False)
        if title:
            axes.set_title(*verbatim([title]))
        if colour_bar:
            beside = axes.inset_axes((1 + 0.5 / len(source_pieces), 0, 0.5 / len(source_pieces), 1))
            bar = figure.colorbar(image, cax=beside, ticks=(0, 0.5, 1))
            bar.outline.set_visible(False)
    return figure


def subject(records: Iterable[Record]) -> str:
    """Of which runs a picture is: rows, table, seeds and corpora."""
    records = list(records)
    rows = dict.fromkeys(record.row for record in records)
    tables = dict.fromkeys(record.experiment for record in records)
    seeds = [str(seed) for seed in sorted({record.seed for record in records})]
    protocols = [result.protocol for record in records for result in record.results.values()]
    corpora = dict.fromkeys(CORPUS.match(told["corpus"])[0] for told in protocols if "corpus" in told)
    named = ", ".join(rows) if len(rows) <= 3 else f"{len(rows)} rows"
    whose = f"{named} of {', '.join(tables)}, seed{'s' * (len(seeds) > 1)} {', '.join(seeds)}"
    return "; ".join(filter(None, (whose, ", ".join(corpora))))


def learning_curves(
    records: Mapping[str, Record | Sequence[Record]], path: Path | str | None = None, against: str = "step"
) -> "Picture":
    """Training loss (thin), validation loss (marked) and, where it was taken, validation BLEU, run over run.

    A name has a run, or those of several seeds. The title says what the validation loss of any of the runs
    is without, such as dropout. `against` is "step" or "tokens"; a validation falls on the tokens trained on
    up to its step.
    """
    if against not in ("step", "tokens"):
        raise ValueError(f"learning curves are drawn against 'step' or 'tokens', not {against!r}")
    runs = {name: [one] if isinstance(one, Record) else list(one) for name, one in records.items()}
    every = [record for seeds in runs.values() for record in seeds]
    if not any(record.train or record.valid for record in every):
        raise ValueError(f"{at(path)}no run among {', '.join(records) or 'none'} has logged a step yet")
    scored = any("bleu" in line for record in every for line in record.valid)
    size = 5.2 * (1 + scored), 3.6
    with drawn(path, 1 + scored, size, caption=subject(every)) as (figure, panels):
        for number, (name, seeds) in enumerate(runs.items()):
            for record in seeds:
                train = _curve(record, against, "train", "loss")
                panels[0].plot(*train, color=look(number)["color"], linewidth=0.9, alpha=0.45)
            for panel, field in zip(panels, ("loss", "bleu"), strict=False):
                of_seeds(panel, _validations(seeds, against, field), name, number)
        apart = dict.fromkeys(words for record in every for words in record.only_training)
        told = f"\ntraining with {', '.join(apart)}, validation without" if apart else ""
        panels[0].set_title(f"Loss in nats a token: training thin, validation marked{told}")
        if scored:
            panels[1].set_title("BLEU on the validation set")
            panels[1].set_ylim(bottom=0)
        for panel in panels:
            panel.set_xlabel({"step": "optimizer step", "tokens": "target tokens seen"}[against])
            panel.xaxis.set_major_formatter("{x:,.0f}" if against == "step" else _engineering())
            panel.margins(x=0.02)
        panels[-1].legend(loc="best")
    return figure


def length_curves(
    curves: Mapping[str, Sequence[tuple[int, int, int, float]]],
    path: Path | str | None = None,
    title: str = "",
    caption: str = "",
) -> "Picture":
    """BLEU against the length of the source, the bottleneck figure  -- Bahdanau et al. 2015, Fig. 2.

    Groups are (shortest, longest, sentences, BLEU) as `train.metrics.bleu.by_source_length` gives them, one
    after the other those of each seed.
    """
    groups = sorted({group[:3] for curve in curves.values() for group in curve})
    if not groups:
        raise ValueError(f"{at(path)}no system has a group of sentences to draw")
    places = {group[:2]: place for place, group in enumerate(groups)}
    if len(places) < len(groups):
        raise ValueError(f"{at(path)}the systems were scored on different sentences")
    with drawn(path, 1, (max(4.5, 0.9 * len(groups) + 1.2), 3.6), caption=caption) as (figure, (axes,)):
        for number, (name, curve) in enumerate(curves.items()):
            of_seeds(axes, _gathered((places[low, high], bleu) for low, high, _, bleu in curve), name, number)
        labels = [(f"{low}–{high}" if low else f"≤ {high}") + f"\n{n:,}" for low, high, n in groups]
        axes.set_xticks(range(len(groups)), labels)
        axes.grid(False, axis="x")
        axes.set_ylim(0, 1.08 * max(1.0, *(bleu for curve in curves.values() for *_, bleu in curve)))
        axes.set_xlabel("source length in words, above the number of sentences")
        axes.set_ylabel("BLEU")
        axes.set_title(*verbatim([title]))
        axes.legend(loc="best")
    return figure


def distance_curves(
    curves: Mapping[str, Sequence[tuple[int, float]]],
    path: Path | str | None,
    title: str,
    along: str,
    powers: bool = False,
    caption: str = "",
) -> "Picture":
    """What is left so far back: (distance, value) of each system, of all its seeds.

    What falls by powers, as gradients do, is drawn on a logarithmic axis.
    """
    distances = sorted({distance for curve in curves.values() for distance, _ in curve})
    if not distances:
        raise ValueError(f"{at(path)}no system was asked about any distance")
    with drawn(path, 1, (6.0, 3.8), caption=caption) as (figure, (axes,)):
        for number, (name, curve) in enumerate(curves.items()):
            of_seeds(axes, _gathered(curve), name, number)
        axes.set_xscale("log", base=2)
        axes.set_xticks(distances, [str(distance) for distance in distances])
        axes.minorticks_off()
        if powers:
            axes.set_yscale("log")
        else:
            axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
        axes.set_xlabel(along)
        axes.set_title(*verbatim([title]))
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def of_seeds(axes, values: Mapping[float, Sequence[float]], name: str, number: int) -> None:
    """{x: a value a seed} as a point each, and a line through the means of what all seeds have."""
    marked, seeds = look(number), max(map(len, values.values()), default=0)
    means = {x: statistics.fmean(of) for x, of in sorted(values.items()) if len(of) == seeds}
    points = [(x, value) for x, of in sorted(values.items()) for value in of]
    alone = {"marker": marked["marker"], "markersize": 5} if seeds == 1 else {}
    axes.plot(list(means), list(means.values()), color=marked["color"], label=verbatim([name])[0], **alone)
    if seeds > 1:
        axes.plot(*zip(*points, strict=True), linestyle="none", markersize=4, alpha=0.6, **marked)


def power_laws(
    panels: Mapping[tuple[str, str], Mapping[str, Sequence[tuple[float, float, float]]]],
    path: Path | str | None = None,
    caption: str = "",
) -> "Picture":
    """{(title, along): {name: [(size, value, expected), ..]}} on logarithmic axes, where a power is a line.

    What is expected, dashed, is known but for a factor: it is laid through the value at the largest size.
    """
    rows = math.ceil(len(panels) / 2)
    with drawn(path, len(panels), (PAGE, 3.2 * rows + 0.9), False, rows, caption) as (figure, drawings):
        for ((title, along), curves), axes in zip(panels.items(), drawings, strict=True):
            for number, (name, curve) in enumerate(curves.items()):
                sizes, values, expected = np.array(sorted(curve), dtype=float).T
                marked, laid = look(number), expected * values[-1] / expected[-1]
                axes.plot(sizes, values, label=name, markersize=4, linewidth=1.2, **marked)
                axes.plot(sizes, laid, color=marked["color"], linestyle="--", linewidth=0.8)
            axes.set_xscale("log", base=2)
            axes.set_yscale("log")
            axes.xaxis.set_major_formatter("{x:,.0f}")
            axes.set_xlabel(along)
            axes.set_title(title)
        handles, names = drawings[0].get_legend_handles_labels()
        height = 0.24 * math.ceil(len(names) / 3) / figure.get_figheight()
        figure.get_layout_engine().set(rect=(0, height, 1, 1 - height))
        figure.legend(handles, names, loc="lower left", bbox_to_anchor=(0, 0), borderaxespad=0, ncols=3)
    return figure


@contextlib.contextmanager
def drawn(
    path: Path | str | None,
    panels: int,
    size: tuple[float, float],
    shared: bool = True,
    rows: int = 1,
    caption: str = "",
) -> Iterator:
    """(figure, panels side by side or in rows), written to `path` at the end, if there is one, by its suffix.

    They are laid out on the Agg canvas; pyplot's state stays untouched.
    """
    if path is not None:
        fonts.format_of(path)
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from experiments.pictures.picture import Picture

    with matplotlib.rc_context(STYLE):
        figure = Picture(STYLE, figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        places = figure.subplots(rows, math.ceil(panels / rows), squeeze=False, sharex=shared).ravel()
        for place in places[panels:]:
            place.remove()
        yield figure, places[:panels]
        if caption:
            lines = textwrap.fill(caption, max(36, int(17 * size[0])))
            below = -6 / 72 / size[1]
            figure.text(0, below, lines, va="top", size=8, color="#666666", parse_math=False)
        if path is not None:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            fonts.save(figure, path)


def at(path: Path | str | None) -> str:
    """What an error begins with: the file that was to be written."""
    return "" if path is None else f"{path}: "


def _curve(record: Record, against: str, kind: str, field: str) -> tuple[np.ndarray, np.ndarray]:
    lines = [line for line in getattr(record, kind) if line.get(field) is not None]
    steps = np.array([line["step"] for line in lines], dtype=float)
    if against == "tokens" and record.train:
        known = [(line["step"], line["tokens"]) for line in record.train]
        steps = np.interp(steps, *np.array(known, dtype=float).T)
    return steps, np.array([line[field] for line in lines], dtype=float)


def _validations(seeds: Sequence[Record], against: str, field: str) -> dict[float, list[float]]:
    """{where: a value a seed} of each validated step, at the mean of the tokens the seeds had seen."""
    by_step: dict[float, list[tuple[float, float]]] = {}
    for record in seeds:
        steps, _ = _curve(record, "step", "valid", field)
        for step, *point in zip(steps, *_curve(record, against, "valid", field), strict=True):
            by_step.setdefault(step, []).append(tuple(point))
    return {statistics.fmean(at for at, _ in of): [value for _, value in of] for of in by_step.values()}


def _gathered(points: Iterable[tuple[float, float]]) -> dict[float, list[float]]:
    found: dict[float, list[float]] = {}
    for at, value in points:
        found.setdefault(at, []).append(value)
    return found


def _engineering():
    from matplotlib.ticker import EngFormatter

    return EngFormatter(sep="")


def verbatim(texts: Sequence[str]) -> list[str]:
    """matplotlib reads text between dollar signs as mathematics."""
    return [text.replace("$", r"\$") for text in texts]
