"""Time ours against PyTorch, transformers and CTranslate2: alternating turns, medians, ratios.

examples:
  lookback bench                                   all lines, kept in experiments/results with a plot
  lookback bench --rows attention gpt              lines or groups of them; the others keep their results
  lookback bench --smoke                           every contender once, small, kept nowhere
  lookback bench --peer-python TORCH/bin/python    peers of another environment (or LOOKBACK_BENCH_PYTHON)

Groups: product attention long gpt transformer greedy beam lstm generation word2vec; on a GPU these: product
attention gpt2.
Peers are installed by `make bench` or pip install -e '.[bench]'; one that is not there is left out and named.
Times depend on all that runs beside: leave the machine alone meanwhile. Ctrl-C keeps the lines that are done.
"""

import argparse

from data.fields import Positive, Rate
from experiments.command_line.options import bounded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `bench`."""
    parser.add_argument("--rows", nargs="+", metavar="NAME", help="these lines or groups only")
    parser.add_argument("--rounds", type=bounded(Positive), default=9, help="turns of each contender (9)")
    parser.add_argument(
        "--seconds",
        type=bounded(Rate),
        default=90.0,
        help="a line has no further round after these, but three (90)",
    )
    parser.add_argument("--peer-python", metavar="PATH", help="the Python that has the peers (this one)")
    parser.add_argument("--out", metavar="DIR", help="where results are kept (experiments/results)")
    parser.add_argument("--smoke", action="store_true", help="a line of each group, small, kept nowhere")
    parser.add_argument(
        "--render", action="store_true", help="measure nothing: tables and plots of what there is"
    )


def execute(arguments: argparse.Namespace) -> int | None:
    """Measure the lines that are asked for, keep them, and print the tables."""
    import sys
    from pathlib import Path

    from experiments.bench import results, speed
    from experiments.bench.process import ROOT, Absent, Process, interpreter
    from experiments.bench.work import cores
    from experiments.tables import smoke

    arguments.smoke |= smoke.asked()
    folder = Path(arguments.out or ROOT / "experiments" / "results")
    if arguments.render:
        return rendered(sorted(folder.glob("speed-*.json")))
    pythons = {True: sys.executable, False: interpreter(arguments.peer_python)}

    def described(function: str, ours: bool) -> dict:
        with Process(pythons[ours]) as process:
            return process.ask(prepare=function, options={}, mallopt=[])

    try:
        machine = described("experiments.bench.ours.machine:describe", True)
        peers = described("experiments.bench.peers.torch_machine:describe", False)
    except Absent as error:
        raise ValueError(f"cannot start: {error}") from None
    every = speed.lines(machine["platform"])
    lines = speed.chosen(every, arguments.rows)
    lines = speed.smoked(lines) if arguments.smoke else lines
    path = folder / f"speed-{machine['platform']}.json"
    kept = {} if arguments.smoke else results.read(path)
    versions = machine["versions"] | {k: v for k, v in peers["versions"].items() if k != "python"}
    under = results.circumstances(machine, cores(), versions)

    def keep(result: dict) -> None:
        kept[result["name"]] = result | under
        if not arguments.smoke:
            results.write(path, kept, [line.name for line in every])

    rounds, seconds = (1, 1.0) if arguments.smoke else (arguments.rounds, arguments.seconds)
    peak = next((peak for name, peak in speed.PEAK_FLOPS.items() if name in machine["kind"]), None)
    code = measured(lines, pythons, rounds, seconds, peak, keep)
    if not arguments.smoke:
        return rendered([path]) or code
    from experiments.bench.report import render

    print(render(list(kept.values())), end="")
    return code


def rendered(paths) -> None:
    """Every file's tables to the standard output, its plot beside it."""
    import sys

    from experiments.bench import report, results

    for path in paths:
        found = list(results.read(path).values())
        print(report.render(found), end="")
        written = [path, path.with_suffix(".png")] if report.plot(found, path.with_suffix(".png")) else [path]
        print("", *written, sep="\n", file=sys.stderr)


def measured(lines, pythons, rounds: int, seconds: float, peak: float | None, keep) -> int:
    """Every line to `keep` as it is done. 130 where Ctrl-C came before the last one."""
    import sys

    from experiments.bench import measure
    from experiments.bench.watch import Watch

    with Watch(len(lines)) as watch:
        for done, line in enumerate(lines):
            watch.begin(line.name)
            try:
                result = measure.measure(line, pythons, rounds, seconds, watch.say, peak)
            except KeyboardInterrupt:
                rest = " ".join(each.name for each in lines[done:])
                watch.close()
                print(f"lookback: interrupted; to go on: lookback bench --rows {rest}", file=sys.stderr)
                return 130
            keep(result)
            watch.end(result)
    return 0
