"""Run many rows and seeds at once on the devices of this machine, and go on until all of them are done.

examples:
  lookback launch translation perplexity --on local              all rows and seeds of two tables
  lookback launch translation --rows lstm gru --seeds 3 --on local --budget 2h
  lookback launch lookback_distance --on local --dry-run         what would be run, and in which order
  lookback launch                                                every table on generated data
  lookback launch --missing --budget 2h                          what the committed records still lack
  lookback launch --claims C23 C24                               the rows that decide two claims

One job is one row with one seed, in a process of its own: on GPUs one a card, on a CPU one a core (--cores).
A row whose weights another begins with is run before that one. What is done is left alone, what was
interrupted goes on, a row that fails is told and the others go on. What a job printed is in launch.log in its
folder. With --keep each finished run's record is written where the committed ones are; --missing leaves alone
what has such a record.
"""

import argparse
import os
import re
import sys

from data.fields import Positive, brief
from experiments.command_line.options import bounded, named_seeds

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text: str) -> float:
    """90m, 2h, 1.5h or 7200s in seconds; ValueError for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text.strip())
    if not found or not float(found[1]):
        raise argparse.ArgumentTypeError(f"takes a time, as in 90m or 2h, not {brief(text)}")
    return float(found[1]) * UNITS[found[2]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `launch`."""
    parser.add_argument("experiments", nargs="*", metavar="EXPERIMENT", help="tables (all on generated data)")
    parser.add_argument("changes", nargs="*", metavar="path=value", help="as in steps=500, of every row")
    parser.add_argument("--on", choices=("local",), default="local", help="where: on this machine")
    parser.add_argument("--rows", nargs="+", metavar="NAME", help="these rows only")
    parser.add_argument(
        "--claims",
        nargs="*",
        metavar="ID",
        help="the rows that decide these claims, or all, instead of tables",
    )
    parser.add_argument("--seeds", nargs="+", metavar="N", help="seeds 0 to N-1 instead of the tables'")
    parser.add_argument("--budget", type=seconds, metavar="TIME", help="stop after 90m, 2h; all can go on")
    parser.add_argument("--cores", type=bounded(Positive), default=1, metavar="N", help="of a CPU, a job (1)")
    parser.add_argument("--workers", type=bounded(Positive), metavar="N", help="jobs at once, at most")
    parser.add_argument("--keep", action="store_true", help="write the record of each run that is finished")
    parser.add_argument("--missing", action="store_true", help="only what has no committed record yet")
    parser.add_argument("--dry-run", action="store_true", help="print what is left, run nothing")
    parser.add_argument("--runs-dir", default="runs", help="where runs are kept (runs)")
    parser.add_argument("--data-dir", help="folder of real corpora (or LOOKBACK_DATA): tables on real data")


def execute(arguments: argparse.Namespace) -> int:
    """Work through the jobs; 1 where one failed."""
    from pathlib import Path

    from experiments.command_line.options import parted
    from experiments.evidence import records
    from experiments.launch import jobs, local
    from experiments.report.claims import SEEDS
    from experiments.tables import catalogue, smoke
    from train.folder.ledger import is_done
    from train.interruptions import Interruptions, Stopped

    names, changes = parted(arguments.experiments)
    rows, within = parted(arguments.rows or ())
    numbers, among = parted(arguments.seeds or ())
    changes = (*changes, *within, *among, *arguments.changes)
    seeds = named_seeds(numbers) if numbers else ()
    runs_dir, data_dir = Path(arguments.runs_dir), arguments.data_dir or os.environ.get("LOOKBACK_DATA")
    if arguments.claims is None:
        names = names or list(catalogue.files())
        wanted = jobs.of_tables(names, rows, seeds, changes, arguments.data_dir)
    elif given := (names or rows or changes):
        raise ValueError(f"--claims names tables and rows by itself; leave out {' '.join(given)}")
    else:
        claims = catalogue.named_claims(arguments.claims)
        wanted, waiting = jobs.of_claims(claims, seeds, data_dir)
        if arguments.missing:
            decides = seeds or range(SEEDS)
            waiting = [place for place in waiting if not all(records.has(*place, seed) for seed in decides)]
        if waiting:
            tables = ", ".join(dict.fromkeys(name for name, _ in waiting))
            print(f"left out for want of --data-dir: {len(waiting)} of the rows, {tables}", file=sys.stderr)
    if arguments.missing:
        wanted = jobs.with_prerequisites(
            job for job in wanted if not records.has(job.table, job.name, job.seed)
        )
    wanted = wanted[:1] if smoke.asked() else wanted
    if arguments.dry_run:
        for job in wanted:
            if not is_done(job.folder(runs_dir)):
                print(job)
        return 0
    keep = (lambda job: records.keep(job.folder(runs_dir))) if arguments.keep else (lambda job: None)
    workers = local.places(arguments.cores)[: arguments.workers]
    with Interruptions() as signals, signals.between_steps():
        asked = lambda: signals.received
        queue = local.Queue(wanted, workers, runs_dir, arguments.data_dir, arguments.budget, say, keep, asked)
        queue.run()
    left = queue.total - queue.done - len(queue.failed)
    told = f"{queue.done} done, {len(queue.failed)} failed, {left} left"
    if signals.received:
        raise Stopped(f"{told}; the same command goes on", signals.received, runs_dir)
    say(told)
    return 1 if queue.failed else 0


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)
