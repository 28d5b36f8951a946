"""The command line: `lookback COMMAND`, also `python -m experiments COMMAND`.

A command is a file below commands/, called so with dashes for underscores. Nothing heavy is imported before
a command needs it: jax alone takes four seconds, --help none.
"""

import argparse
import difflib
import importlib
import io
import os
import pkgutil
import re
import sys
from collections.abc import Iterable
from importlib import metadata
from types import ModuleType

from data.fields import brief
from experiments import commands
from experiments.command_line.refusals import is_refusal, one_line
from train.interruptions import Interruptions, Stopped

# What others call a command of ours.
ALSO = {"train": "run", "fit": "run", "results": "table", "sample": "generate"}
ALSO |= {"score": "perplexity", "classify": "predict", "download": "data fetch", "fine-tune": "finetune"}

EPILOG = """\
examples:
  lookback run translation --smoke                 every row of the table, in seconds, on the generated world
  lookback run translation --rows lstm transformer --seeds 3
  lookback run translation --rows lstm model.cell=GRU optimizer.schedule.peak=1e-3
  lookback table translation --format latex > table.tex
  echo "The old baker opens the door." | lookback translate runs/translation/transformer/0
"""


def found() -> dict[str, ModuleType]:
    """{command: its file}: those on experiments by the alphabet, then those of each folder of commands/."""
    infos = list(pkgutil.walk_packages(commands.__path__, f"{commands.__name__}."))
    names = sorted(info.name.rpartition(".") for info in infos if not info.ispkg)
    return {stem.replace("_", "-"): importlib.import_module(f"{place}.{stem}") for place, _, stem in names}


class Parser(argparse.ArgumentParser):
    """One whose errors are of a line, as all others are."""

    def error(self, message: str):
        """ValueError in place of the usage on several lines."""
        raise ValueError(f"{message.removeprefix('argument ')}; see {self.prog} --help")


def version() -> str:
    """What pyproject.toml calls this version."""
    try:
        return metadata.version("lookback")
    except metadata.PackageNotFoundError:
        return "of a checkout that is not installed"


def build_parser() -> Parser:
    """The parser of all commands; the help of each is its docstring."""
    parser = Parser(
        prog="lookback",
        description="How language models learned to look back, as experiments anyone can rerun.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"lookback {version()}")
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
        subparser.set_defaults(execute=module.execute, parser=subparser)
    return parser


def parse(arguments: list[str]) -> argparse.Namespace:
    """Changes (path=value) may stand anywhere; argparse takes them only before the first option."""
    if arguments and not arguments[0].startswith("-"):
        require_command(arguments[0])
    parsed, rest = build_parser().parse_known_args(arguments)
    changes = [word for word in rest if "=" in word and not word.startswith("-")]
    if len(changes) < len(rest) or (changes and "changes" not in parsed):
        strange = next((word for word in rest if word not in changes), rest[0])
        options = re.findall(r"--[\w-]+", parsed.parser.format_usage())
        parsed.parser.error(f"unrecognized arguments: {brief(strange)}{nearest(strange, options)}")
    if changes:
        parsed.changes = [*parsed.changes, *changes]
    return parsed


def require_command(word: str) -> None:
    """ValueError with the nearest command where there is none of this name."""
    names = list(found())
    if word not in names:
        guess = nearest(word, [*names, *ALSO]) or f"; there are {', '.join(names)}"
        raise ValueError(f"no command is called {brief(word)}{guess}")


def nearest(wrong: str, right: Iterable[str]) -> str:
    """The nearest of what would be right, as a question; "" where nothing is near."""
    close = [ALSO.get(word, word) for word in difflib.get_close_matches(wrong, list(right), n=1)]
    return f"; did you mean '{close[0]}'?" if close else ""


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
    flush_output()
    sys.stderr.flush()
    os._exit(code)


def interrupted() -> int:
    """The line of a Ctrl-C, and its exit code."""
    print("lookback: interrupted", file=sys.stderr)
    return 130


def answered(arguments: list[str] | None) -> int:
    """The exit code of a command; a Ctrl-C is raised."""
    open_streams()
    if sys.stdout is None:
        print("lookback: stdout is closed; send it to a file, or to /dev/null", file=sys.stderr)
        return 2
    try:
        with Interruptions():
            parsed = parse(sys.argv[1:] if arguments is None else arguments)
            code = parsed.execute(parsed) or 0
        sys.stdout.flush()
        return code
    except Stopped as stopped:
        print(f"lookback: {stopped.directory}: {stopped}", file=sys.stderr)
        return stopped.exit_code
    except BrokenPipeError:
        drop_output()  # its reader has gone, as `| head` does: no error
        return 0
    except (OSError, ValueError) as error:
        if not is_refusal(error):
            raise
        print(one_line(error), file=sys.stderr)
        flush_output()
        return 2


def open_streams() -> None:
    """A closed stdin is empty, a closed stderr swallows all, and UTF-8 is written whatever the locale.

    The descriptor of a closed stream would else be that of the next file that is opened.
    """
    sys.stdin = sys.stdin or open(os.devnull)
    sys.stderr = sys.stderr or open(os.devnull, "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def flush_output() -> None:
    """What was printed before an error; where it cannot be written there is nothing more to say."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        drop_output()


def drop_output() -> None:
    """Leave nothing to be flushed when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    command()
