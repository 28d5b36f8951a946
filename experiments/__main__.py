"""The command line: `lookback COMMAND`, also `python -m experiments COMMAND`.

A command is a file below commands/, called so with dashes for underscores. Nothing heavy is imported before
a command needs it: jax alone takes four seconds, --help none.
"""

import argparse
import importlib
import os
import pkgutil
import sys
import traceback
from types import ModuleType

from experiments import commands
from train.interruptions import Interruptions, Stopped

OURS = ("data", "models", "train", "experiments")

EPILOG = """\
examples:
  lookback run translation --smoke                 every row of the table, in seconds, on the generated world
  lookback run translation --rows lstm transformer --seeds 3
  lookback run translation --rows lstm model.cell=GRU optimizer.schedule.peak=1e-3
  lookback table translation --format latex > table.tex
  echo "The old baker sings." | lookback translate runs/translation/transformer/0
"""


def found() -> dict[str, ModuleType]:
    """{command: its file}: those on experiments by the alphabet, then those of each folder of commands/."""
    infos = list(pkgutil.walk_packages(commands.__path__, f"{commands.__name__}."))
    names = sorted(info.name.rpartition(".") for info in infos if not info.ispkg)
    return {stem.replace("_", "-"): importlib.import_module(f"{place}.{stem}") for place, _, stem in names}


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; the help of each is its docstring."""
    parser = argparse.ArgumentParser(
        prog="lookback",
        description="How language models learned to look back, as experiments anyone can rerun.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in found().items():
        summary, _, details = module.__doc__.partition("\n\n")
        subparser = subparsers.add_parser(
            name,
            help=summary.rstrip("."),
            description=summary,
            epilog=details or None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(subparser)
        subparser.set_defaults(execute=module.execute)
    return parser


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Changes (path=value) may stand anywhere; argparse takes them only before the first option."""
    parser = build_parser()
    parsed, rest = parser.parse_known_args(arguments)
    changes = [word for word in rest if "=" in word and not word.startswith("-")]
    if len(changes) < len(rest) or (changes and "changes" not in parsed):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if changes:
        parsed.changes = [*parsed.changes, *changes]
    return parsed


def is_refusal(error: ValueError) -> bool:
    """Whether the project raised the error, itself or by a call into Python's library, to tell the user why.

    A ValueError of a part that a user wrote, or of a package, is a bug and keeps its traceback.
    """
    modules = (frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__))
    packages = [module.partition(".")[0] for module in modules]
    raised = [package for package in packages if package not in sys.stdlib_module_names]
    return bool(raised) and raised[-1] in OURS


def main(arguments: list[str] | None = None) -> int:
    """0: done. 2: the user's mistake, in one line on stderr. 130 or 143: interrupted, and saved."""
    try:
        return answered(arguments)
    except KeyboardInterrupt:
        return interrupted()


def command() -> None:
    """`main` as a process of its own."""
    try:
        code = answered(None)
    except KeyboardInterrupt:
        end_at_once(interrupted())
    if code == 2:
        end_at_once(code)
    sys.exit(code)


def end_at_once(code: int) -> None:
    """End the process, but not by way of Python's own end.

    That waits for other processes of a run, crashes in threads that compile, and where an import was
    interrupted, ends the process by the signal once more.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def interrupted() -> int:
    """The line of a Ctrl-C, and its exit code."""
    print("lookback: interrupted", file=sys.stderr)
    return 130


def answered(arguments: list[str] | None) -> int:
    """The exit code of a command; a Ctrl-C is raised."""
    try:
        with Interruptions():
            parsed = parse(arguments)
            code = parsed.execute(parsed) or 0
        sys.stdout.flush()
        return code
    except Stopped as stopped:
        print(f"lookback: {stopped.directory}: {stopped}", file=sys.stderr)
        return stopped.exit_code
    except BrokenPipeError:
        # The reader of our output has gone, as `| head` does: no error, and nothing left to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"lookback: {error}", file=sys.stderr)
        return 2
    except ValueError as error:
        if not is_refusal(error):
            raise
        print(f"lookback: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    command()
