"""Run many rows and seeds at once: on this machine, or by the scheduler of a cluster, until all are done.

examples:
  lookback launch translation perplexity --on local              all rows and seeds of two tables
  lookback launch translation --rows lstm gru --seeds 3 --on local --budget 2h
  lookback launch lookback_distance --on local --dry-run         what would be run, and in which order
  lookback launch                                                every table on generated data
  lookback launch --missing --budget 2h                          what the committed records still lack
  lookback launch --claims C23 C24                               the rows that decide two claims
  lookback launch translation --on slurm --dry-run               the script that sbatch would be given
  lookback launch translation --on slurm --with partition=gpu time=24:00:00 gres=gpu:1 --dry-run
  lookback launch translation --on slurm --with cluster.txt --dry-run       settings from a file, a line each
  lookback launch translation --rows lstm --on jobset --with image=registry/lookback claim=runs --dry-run
  lookback launch translation --on sky --with accelerators=H100:8 runs=s3://bucket/runs --dry-run

One job is one row with one seed, in a process of its own: on GPUs one a card, on a CPU one a core (--cores).
A row whose weights another begins with is run before that one. What is done is left alone, what was
interrupted goes on, a row that fails is told and the others go on. What a job printed is in launch.log in
its folder; `lookback runs` shows all, queued, running, done or dead, and of a dead one its node, its exit
code and its last line. With --keep each finished run's record is written where the committed ones are, of
rows as their tables have them: on a GPU that takes --precision float32. --missing leaves alone what has such
a record.

Elsewhere than on this machine jobs run a copy of the commit, and what is not committed is refused. The same
command submits again what is neither done nor under way. Settings stand behind --with, name=value or files
of such lines, with comments after a #:

  lookback launch --on slurm --with help                         the settings of a place, and what each takes
"""

import argparse
import os
import re
import sys

from data.fields import Positive, brief
from experiments.command_line import precision_option
from experiments.command_line.options import bounded, named_seeds, parted
from experiments.launch import targets

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
    parser.add_argument(
        "--on", choices=targets.names(), default="local", help="where: on this machine (local)"
    )
    parser.add_argument(
        "--with",
        dest="settings",
        nargs="+",
        default=(),
        metavar="name=value",
        help="how, there; a file of such lines; help",
    )
    parser.add_argument("--name", help="what the one row is called, and its folder (its changes)")
    parser.add_argument("--rows", nargs="+", metavar="NAME", help="these rows only")
    parser.add_argument(
        "--claims",
        nargs="*",
        metavar="ID",
        help="the rows that decide these claims, or all, instead of tables",
    )
    parser.add_argument("--seeds", nargs="+", metavar="N", help="seeds 0 to N-1 instead of the tables'")
    parser.add_argument("--budget", type=seconds, metavar="TIME", help="stop after 90m, 2h; all can go on")
    parser.add_argument("--cores", type=bounded(Positive), metavar="N", help="of a CPU, a job (1)")
    parser.add_argument("--workers", type=bounded(Positive), metavar="N", help="jobs at once, at most")
    parser.add_argument("--keep", action="store_true", help="write the record of each run that is finished")
    parser.add_argument("--missing", action="store_true", help="only what has no committed record yet")
    precision_option.add_argument(parser)
    parser.add_argument("--dry-run", action="store_true", help="print what is left, run nothing")
    parser.add_argument("--runs-dir", default="runs", help="where runs are kept (runs)")
    parser.add_argument("--data-dir", help="folder of real corpora (or LOOKBACK_DATA): tables on real data")


def execute(arguments: argparse.Namespace) -> int:
    """Work through the jobs; 1 where one failed."""
    from pathlib import Path

    from experiments.launch import checkout
    from experiments.launch.target import Launch
    from experiments.tables import smoke
    from train.folder.ledger import is_done

    place = chosen_place(arguments)
    if place is None:
        return 0
    runs_dir = Path(arguments.runs_dir)
    wanted = chosen_jobs(arguments)
    left = [job for job in wanted if not is_done(job.folder(runs_dir))]
    left = left[:1] if smoke.asked() else left
    launch = Launch(left, runs_dir, arguments.data_dir, checkout.named())
    if arguments.dry_run:
        print(place.preview(launch), end="")
        return 0
    return place.launch(launch) if launch.jobs else nothing(len(wanted))


def nothing(count: int) -> int:
    """Say that all is done."""
    print(f"all {count} are done" if count else "nothing to do")
    return 0


def chosen_place(arguments: argparse.Namespace):
    """The target with its settings; None where `--with help` only asked for them, and they are printed."""
    from experiments.command_line import configuration
    from experiments.launch import target

    kind = target.named(arguments.on)
    if list(arguments.settings) == ["help"]:
        print(target.described(kind), end="")
        return None
    changes: list[str] = []
    for word in arguments.settings:
        changes += [word] if "=" in word else configuration.settings(word)
    options = {name: vars(arguments)[name] for name in ("cores", "workers", "budget", "keep")}
    return target.with_settings(kind, changes, **{name: value for name, value in options.items() if value})


def chosen_jobs(arguments: argparse.Namespace) -> list:
    """The jobs that tables, rows, seeds, changes or claims name."""
    from experiments.evidence import records
    from experiments.launch import jobs
    from experiments.report.claims import SEEDS
    from experiments.tables import catalogue

    names, changes = parted(arguments.experiments)
    rows, within = parted(arguments.rows or ())
    numbers, among = parted(arguments.seeds or ())
    changes = (*changes, *within, *among, *arguments.changes)
    seeds = named_seeds(numbers) if numbers else ()
    data_dir = arguments.data_dir or os.environ.get("LOOKBACK_DATA")
    if arguments.claims is None:
        names = names or list(catalogue.files())
        called, asked = arguments.name or "", arguments.precision
        wanted = jobs.of_tables(names, rows, seeds, changes, arguments.data_dir, called, asked)
    elif given := [*names, *rows, *changes, *filter(None, [arguments.name])]:
        raise ValueError(f"--claims names tables and rows by itself; leave out {' '.join(given)}")
    else:
        claims = catalogue.named_claims(arguments.claims)
        wanted, waiting = jobs.of_claims(claims, seeds, data_dir, arguments.precision)
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
    return wanted
