"""Measure the lectures' table of complexity: operations, time, order and reach of each kind of layer.

examples:
  lookback complexity              all layers, kept in experiments/results with a plot
  lookback complexity --smoke      every layer, small, kept nowhere
  lookback complexity --render     measure nothing: table and plot of what there is

Times depend on all that runs beside: leave the machine alone meanwhile. It takes minutes on one core.
"""

import argparse
from collections.abc import Iterator, Sequence

from data.fields import Positive
from experiments.command_line.options import bounded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `complexity`."""
    parser.add_argument(
        "--rounds", type=bounded(Positive), default=9, help="turns of each layer at each size (9)"
    )
    parser.add_argument("--out", metavar="DIR", help="where results are kept (experiments/results)")
    parser.add_argument("--smoke", action="store_true", help="small sizes, one turn, kept nowhere")
    parser.add_argument(
        "--render", action="store_true", help="measure nothing: table and plot of what there is"
    )


def execute(arguments: argparse.Namespace) -> None:
    """Measure every layer, keep the results, and print the tables."""
    import sys
    from pathlib import Path

    from experiments.bench import results
    from experiments.bench.process import ROOT
    from experiments.tables import smoke

    folder = Path(arguments.out or ROOT / "experiments" / "results")
    if arguments.smoke or (smoke.asked() and not arguments.render):
        print(render(measured(True, 1)[1]), end="")
        return
    paths = sorted(folder.glob("complexity-*.json"))
    if not arguments.render:
        platform, found = measured(False, arguments.rounds)
        paths = [folder / f"complexity-{platform}.json"]
        results.write(
            paths[0], {result["name"]: result for result in found}, [each["name"] for each in found]
        )
    if not paths:
        raise ValueError(f"{folder}: nothing measured yet; leave out --render")
    for path in paths:
        found = list(results.read(path).values())
        print(render(found), end="")
        plot(found, path.with_suffix(".png"))
        print("", path, path.with_suffix(".png"), sep="\n", file=sys.stderr)


def measured(smoke: bool, rounds: int) -> tuple[str, list[dict]]:
    """(platform, a result for each layer and where and when it was measured)."""
    from experiments.bench.ours.machine import describe
    from experiments.bench.results import circumstances
    from experiments.bench.watch import Watch

    machine = describe().facts  # sets the devices up, which has to come before anything asks for them
    from experiments.bench import layer_cost as complexity

    with Watch(len(complexity.LECTURE) + 1) as watch:
        found = complexity.measure(complexity.SMOKE if smoke else complexity.FULL, rounds, watch)
    # One device, which on a CPU is one thread.
    under = circumstances(machine, 1, machine["versions"])
    return machine["platform"], [result | under for result in found]


def render(found: Sequence[dict], level: int = 3, width: int | None = None, text: int | None = None) -> str:
    """Markdown: what a layer costs, how many of its steps wait, how far it reaches."""
    from experiments.bench.layer_cost import AXES, LECTURE
    from experiments.bench.report import number
    from experiments.report.markup import Grid, markdown

    at = lambda point: f"n = {point['n']:,}, d = {point['d']}"
    ends = [found[0][axis][-1] for axis in AXES]
    costs = tuple(
        (
            result["name"],
            LECTURE[result["name"]].cost,
            *(cell for axis in AXES for cell in exponents(result[axis], axis)),
            *(number(1e3 * result[axis][-1]["seconds"]) for axis in AXES),
        )
        for result in found
    )
    header = "", "theory", *(f"{axis}: {what}" for axis in AXES for what in ("expected", "FLOPs", "time"))
    cost = Grid(
        "What a layer costs: exponents in n and d", (*header, *(f"ms at {at(end)}" for end in ends)), costs
    )
    reaches = tuple(
        (
            result["name"],
            LECTURE[result["name"]].sequential,
            f"{result['n'][-1]['steps']:,}",
            LECTURE[result["name"]].path,
            *(f"{path['hops']} ({path['expected']})" for path in result["paths"]),
        )
        for result in found
    )
    distances = (f"at n = {path['n']:,}" for path in found[0]["paths"])
    header = "", "sequential: theory", f"at n = {ends[0]['n']:,}", "path: theory", *distances
    reach = Grid("Steps that wait, and the path from end to end", header, reaches, tuple(notes(found)))
    return markdown([cost, reach], level, width, text)


def exponents(points: Sequence[dict], axis: str) -> tuple[str, str, str]:
    """Of the closed form, of the operations counted and of the time."""
    from experiments.bench.layer_cost import fitted

    expected, *fits = (fitted(points, axis, field) for field in ("products", "flops", "seconds"))
    return f"{expected.exponent:.2f}", *(f"{fit.exponent:.2f} ({fit.explained:.3f})" for fit in fits)


def notes(found: Sequence[dict]) -> Iterator[tuple[str, ...]]:
    """How each number was made, and what the lectures' table leaves out."""
    from experiments.bench.layer_cost import AXES, FITTED, HEAD, KERNEL, ROWS, WINDOW
    from experiments.bench.report import where

    fitted = "; ".join(
        f"{axis} = {', '.join(f'{point[axis]:,}' for point in found[0][axis][-FITTED:])}" for axis in AXES
    )
    yield (
        "Theory: Vaswani et al. 2017, Table 1 (convolutions not dilated: §4; whole: ours). Exponents: ",
        f"least squares on logarithms at {fitted}, R² in parentheses; smaller sizes are mostly overhead.",
    )
    yield (
        "Expected: the same fit to 2 operations a term of the layer's products: 4 n² d, recurrent 4 n d², "
        "convolution 2 k n d², restricted 4 r n d; whole: 8 n d² more.",
    )
    yield (
        "FLOPs: all operations of the traced program, loops as often as they run. Time: the forward pass in "
        f"float32, median of rounds ({found[0]['rounds']}) in which all layers at all sizes take turns; ",
        f"{ROWS} sequences at once, heads of {HEAD}, k = {KERNEL}, r = {WINDOW}.",
    )
    yield (
        "Table 1 counts of self-attention the scores and the mixing alone. Whole, its four projections of "
        "d x d add 8 n d² operations: the larger part while n < 2 d, and in restricted attention while "
        "r < 2 d, however long n is.",
    )
    yield (
        "Restricted: to a position and the r - 1 before it. The kernel computes whole tiles, of 128 queries "
        "and, above n = 1,024, of 256: up to r + 255 keys a query and not r. That is linear in n too, but it "
        "leaves the projections a smaller part, and so d a smaller exponent.",
    )
    yield (
        "Steps that wait: the most steps of loops, along the dependences of the traced program, of which "
        "each needs the one before it: the length of a scan that passes on what it changes, times the steps "
        "in its body. A loop that passes nothing on, as over heads, is its body once; no loop is 1.",
    )
    yield (
        "Path: the fewest operations on all positions at once, one upon the other, until the last output has "
        "a gradient at the first input; in parentheses by formula: 1, n, (n - 1)/(k - 1), log_k n, "
        "(n - 1)/(r - 1), rounded up. An operation is a layer or, of a recurrent one, a step of its cell: a "
        "path of log_k n is bought with so many convolutions, while the cost above is of one.",
    )
    for line in dict.fromkeys(map(where, found)):
        yield (line,)


def plot(found: Sequence[dict], path) -> None:
    """Operations and time against n and d; dashed the closed form, laid through the largest size."""
    from experiments.bench.layer_cost import AXES
    from experiments.bench.report import where
    from experiments.pictures import plots

    curve = lambda points, axis, field: [(p[axis], p[field], p["products"]) for p in points]
    panels = {
        (f"{what} against {axis}", axis): {each["name"]: curve(each[axis], axis, field) for each in found}
        for axis in AXES
        for what, field in (("Operations of a sequence", "flops"), ("Seconds", "seconds"))
    }
    plots.power_laws(panels, path, where(found[0]))
