"""The command line: `lookback COMMAND`, also `python -m experiments COMMAND`.

Nothing heavy is imported before a command needs it: jax alone takes four seconds, --help none.
"""

import argparse
import importlib
import os
import sys

HERE = ("list", "show", "run", "table", "plot", "data", "doctor", "bench", "complexity", "finetune")
ASK = ("translate", "generate", "perplexity", "fill-mask", "tag", "predict", "embed")
# {command: its package}, in the order of --help.
COMMANDS = dict.fromkeys(HERE, "experiments.commands") | dict.fromkeys(ASK, "experiments.commands.ask")

EPILOG = """\
examples:
  lookback run translation --smoke                 every row of the table, in seconds, on the generated world
  lookback run translation --rows lstm transformer --seeds 3
  lookback run translation --rows lstm model.cell=GRU optimizer.schedule.peak=1e-3
  lookback table translation --format latex > table.tex
  echo "The old baker sings." | lookback translate runs/translation/transformer/0
"""


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lookback",
        description="How language models learned to look back, as experiments anyone can rerun.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, package in COMMANDS.items():
        module = importlib.import_module(f"{package}.{name.replace('-', '_')}")
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
    if len(changes) < len(rest) or (changes and not hasattr(parsed, "changes")):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if changes:
        parsed.changes = [*parsed.changes, *changes]
    return parsed


def main(arguments: list[str] | None = None) -> int:
    """0: done. 2: the user's mistake, in one line on stderr. 130 or 143: interrupted, and saved."""
    parsed = parse(arguments)
    try:
        code = parsed.execute(parsed) or 0
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader of our output has gone, as `| head` does: no error, and nothing left to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("lookback: interrupted", file=sys.stderr)
        return 130
    except (ValueError, OSError) as error:
        print(f"lookback: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
