"""The experiments there are, and the question each answers.

examples:
  lookback list
  lookback list | grep attention
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `list`."""
    pass


def execute(arguments: argparse.Namespace) -> None:
    """Print what is trained and what is timed, with the questions."""
    from experiments.tables.catalogue import measured, questions

    trained, timed = questions(), measured()
    width = max(map(len, trained | timed))
    for title, found in (("lookback run ..", trained), ("lookback ..", timed)):
        print(title)
        for name, question in found.items():
            print(f"  {name:{width}}  {question}")
