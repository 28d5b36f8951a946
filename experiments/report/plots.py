"""The figures: alignments as heat maps, learning curves, BLEU against length, what is left at a distance.

Each is written to `path` where there is one, and returned: a notebook's cell that ends with it shows it.
matplotlib is loaded by the functions that draw, and drawn without a display.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Shaped

from experiments.report import fonts
from train.folder.record import Record

if TYPE_CHECKING:
    from experiments.report.picture import Picture

# Okabe & Ito 2008: told apart by every common kind of colour vision, and by line style besides.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vPX"


def look(number: int) -> dict[str, str]:
    """Colour and marker of a picture's curve of this number."""
    return {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}


STYLE = {
    "font.family": fonts.BASE,
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
) -> "Picture":
    """Where each target word looked, the source along the top  -- Bahdanau et al. 2015, Fig. 3.

    As there, white is a weight of 1 and black none: what is read is where the light falls.
    """
    weights = np.asarray(weights, dtype=float)
    if weights.shape != (len(target_pieces), len(source_pieces)) or not weights.size:
        raise ValueError(
            f"{_at(path)}weights of shape {weights.shape} do not fit {len(target_pieces)} target and "
            f"{len(source_pieces)} source pieces"
        )
    with drawn(path, 1, (0.34 * len(source_pieces), 0.34 * len(target_pieces))) as (figure, (axes,)):
        figure.set_layout_engine("none")  # cells keep their size; saving makes room for the labels
        axes.set_position((0, 0, 1, 1))
        image = axes.imshow(weights, cmap="gray", vmin=0, vmax=1, aspect="equal", interpolation="nearest")
        axes.set_xticks(
            range(len(source_pieces)), _verbatim(source_pieces), rotation=60, ha="left", va="bottom"
        )
        axes.set_yticks(range(len(target_pieces)), _verbatim(target_pieces))
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
            axes.set_title(*_verbatim([title]))
        if colour_bar:
            beside = axes.inset_axes((1 + 0.5 / len(source_pieces), 0, 0.5 / len(source_pieces), 1))
            bar = figure.colorbar(image, cax=beside, ticks=(0, 0.5, 1))
            bar.outline.set_visible(False)
    return figure


def learning_curves(
    records: Mapping[str, Record], path: Path | str | None = None, against: str = "step"
) -> "Picture":
    """Training loss (thin), validation loss (marked) and, where it was taken, validation BLEU, run over run.

    The title says what the validation loss of any of the runs is without, such as dropout.
    `against` is "step" or "tokens"; a validation falls on the tokens trained on up to its step.
    """
    if against not in ("step", "tokens"):
        raise ValueError(f"learning curves are drawn against 'step' or 'tokens', not {against!r}")
    if not any(record.train or record.valid for record in records.values()):
        raise ValueError(f"{_at(path)}no run among {', '.join(records) or 'none'} has logged a step yet")
    scored = any("bleu" in line for record in records.values() for line in record.valid)
    with drawn(path, 1 + scored, (5.2 * (1 + scored), 3.6)) as (figure, panels):
        for number, (name, record) in enumerate(records.items()):
            marked = look(number)
            train, valid, bleu = (
                _curve(record, against, kind, field)
                for kind, field in (("train", "loss"), ("valid", "loss"), ("valid", "bleu"))
            )
            panels[0].plot(*train, color=marked["color"], linewidth=0.9, alpha=0.45)
            panels[0].plot(*valid, label=name, markersize=4, **marked)
            if scored:
                panels[1].plot(*bleu, label=name, markersize=4, **marked)
        apart = dict.fromkeys(words for record in records.values() for words in record.only_training)
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
) -> "Picture":
    """BLEU against the length of the source, the bottleneck figure  -- Bahdanau et al. 2015, Fig. 2.

    Groups are (shortest, longest, sentences, BLEU) as `train.metrics.bleu.by_source_length` gives them.
    """
    groups = sorted({group[:3] for curve in curves.values() for group in curve})
    if not groups:
        raise ValueError(f"{_at(path)}no system has a group of sentences to draw")
    places = {group[:2]: place for place, group in enumerate(groups)}
    if len(places) < len(groups):
        raise ValueError(f"{_at(path)}the systems were scored on different sentences")
    with drawn(path, 1, (max(4.5, 0.9 * len(groups) + 1.2), 3.6)) as (figure, (axes,)):
        for number, (name, curve) in enumerate(curves.items()):
            axes.plot(
                [places[low, high] for low, high, _, _ in curve],
                [bleu for *_, bleu in curve],
                label=name,
                markersize=5,
                **look(number),
            )
        labels = [(f"{low}–{high}" if low else f"≤ {high}") + f"\n{n:,}" for low, high, n in groups]
        axes.set_xticks(range(len(groups)), labels)
        axes.grid(False, axis="x")
        axes.set_ylim(0, 1.08 * max(1.0, *(bleu for curve in curves.values() for *_, bleu in curve)))
        axes.set_xlabel("source length in words, above the number of sentences")
        axes.set_ylabel("BLEU")
        axes.set_title(*_verbatim([title]))
        axes.legend(loc="best")
    return figure


def distance_curves(
    curves: Mapping[str, Sequence[tuple[int, float]]],
    path: Path | str | None,
    title: str,
    along: str,
    powers: bool = False,
) -> "Picture":
    """What is left so far back: (distance, per cent) of each system, of all its seeds; mean and range.

    What falls by powers, as gradients do, is drawn on a logarithmic axis.
    """
    distances = sorted({distance for curve in curves.values() for distance, _ in curve})
    if not distances:
        raise ValueError(f"{_at(path)}no system was asked about any distance")
    with drawn(path, 1, (6.0, 3.8)) as (figure, (axes,)):
        for number, (name, curve) in enumerate(curves.items()):
            seeds = {distance: [value for at, value in curve if at == distance] for distance, _ in curve}
            along_x = sorted(seeds)
            spread = [seeds[distance] for distance in along_x]
            marked, ends = look(number), [list(map(end, spread)) for end in (min, max)]
            axes.fill_between(along_x, *ends, color=marked["color"], alpha=0.15, linewidth=0)
            axes.plot(along_x, list(map(np.mean, spread)), label=name, markersize=5, **marked)
        axes.set_xscale("log", base=2)
        axes.set_xticks(distances, [str(distance) for distance in distances])
        axes.minorticks_off()
        if powers:
            axes.set_yscale("log")
        else:
            axes.set_ylim(bottom=-3)
        axes.set_xlabel(along)
        axes.set_title(title)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def power_laws(
    panels: Mapping[tuple[str, str], Mapping[str, Sequence[tuple[float, float, float]]]],
    path: Path | str | None = None,
) -> "Picture":
    """{(title, along): {name: [(size, value, expected), ..]}} on logarithmic axes, where a power is a line.

    What is expected, dashed, is known but for a factor: it is laid through the value at the largest size.
    """
    with drawn(path, len(panels), (4.2 * len(panels) + 1.8, 3.8), shared=False) as (figure, drawings):
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
        drawings[-1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def maps(
    weights: Mapping[str, Shaped[np.ndarray, "T S"]],
    source_pieces: Sequence[str],
    target_pieces: Sequence[str],
    path: Path | str | None = None,
    columns: int = 4,
) -> "Picture":
    """Heat maps of one sentence side by side, `columns` a line: heads, or systems. White is a weight of 1."""
    shape = (len(target_pieces), len(source_pieces))
    if wrong := [name for name, of in weights.items() if np.shape(of) != shape]:
        raise ValueError(f"{_at(path)}weights of {wrong[0]} are {np.shape(weights[wrong[0]])}, not {shape}")
    if not weights:
        raise ValueError(f"{_at(path)}there are no weights to draw")
    columns = min(columns, len(weights))
    lines = -(-len(weights) // columns)
    size = columns * (0.21 * shape[1] + 0.3) + 1.0, lines * (0.21 * shape[0] + 0.5) + 0.9
    with drawn(path, columns, size, lines=lines) as (figure, panels):
        for number, axes in enumerate(np.ravel(panels)):
            if number >= len(weights):
                axes.set_axis_off()
                continue
            name, of = list(weights.items())[number]
            axes.imshow(of, cmap="gray", vmin=0, vmax=1, aspect="equal", interpolation="nearest")
            axes.set_title(*_verbatim([name]))
            axes.grid(False)
            axes.tick_params(length=0)
            left, bottom = number % columns == 0, number + columns >= len(weights)
            axes.set_yticks(range(shape[0]), _verbatim(target_pieces if left else [""] * shape[0]))
            axes.set_xticks(range(shape[1]), _verbatim(source_pieces if bottom else [""] * shape[1]))
            axes.tick_params(axis="x", labelrotation=90)
    return figure


def token_bars(
    pieces: Sequence[str],
    values: Mapping[str, Sequence[float]],
    of: str,
    path: Path | str | None = None,
    title: str = "",
) -> "Picture":
    """A bar for each piece of a text and each system: what the piece cost, how widely it looked."""
    if wrong := [name for name, each in values.items() if len(each) != len(pieces)]:
        raise ValueError(f"{_at(path)}{wrong[0]} has {len(values[wrong[0]])} values for {len(pieces)} pieces")
    with drawn(path, 1, (max(5.0, 0.36 * len(pieces) + 1.5), 3.2)) as (figure, (axes,)):
        width = 0.8 / max(len(values), 1)
        for number, (name, each) in enumerate(values.items()):
            places = np.arange(len(pieces)) + (number - (len(values) - 1) / 2) * width
            axes.bar(places, each, width, label=name, color=COLOURS[number % len(COLOURS)])
        axes.set_xticks(range(len(pieces)), _verbatim(pieces), rotation=60, ha="right")
        for label in axes.get_xticklabels():
            label.set_rotation_mode("anchor")
        axes.grid(False, axis="x")
        axes.margins(x=0.01)
        axes.set_ylabel(of)
        axes.set_title(*_verbatim([title]))
        if len(values) > 1:
            axes.legend(loc="best")
    return figure


@contextlib.contextmanager
def drawn(
    path: Path | str | None, panels: int, size: tuple[float, float], shared: bool = True, lines: int = 1
) -> Iterator:
    """(figure, panels side by side), written to `path` at the end if there is one.

    Panels of several `lines` are an array [lines, panels]. pyplot's state stays untouched.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from experiments.report.picture import Picture

    with matplotlib.rc_context(STYLE):
        figure = Picture(STYLE, figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(lines, panels, squeeze=False, sharex=shared)
        yield figure, axes[0] if lines == 1 else axes
        if path is not None:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            fonts.save(figure, path)


def _at(path: Path | str | None) -> str:
    """What an error begins with: the file that was to be written."""
    return "" if path is None else f"{path}: "


def _curve(record: Record, against: str, kind: str, field: str) -> tuple[np.ndarray, np.ndarray]:
    lines = [line for line in getattr(record, kind) if line.get(field) is not None]
    steps = np.array([line["step"] for line in lines], dtype=float)
    if against == "tokens" and record.train:
        known = [(line["step"], line["tokens"]) for line in record.train]
        steps = np.interp(steps, *np.array(known, dtype=float).T)
    return steps, np.array([line[field] for line in lines], dtype=float)


def _engineering():
    from matplotlib.ticker import EngFormatter

    return EngFormatter(sep="")


def _verbatim(texts: Sequence[str]) -> list[str]:
    """matplotlib reads text between dollar signs as mathematics."""
    return [text.replace("$", r"\$") for text in texts]
