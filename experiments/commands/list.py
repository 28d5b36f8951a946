"""The experiments there are, and the question each answers.

examples:
  lookback list
  lookback list | grep attention
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def execute(arguments: argparse.Namespace) -> None:
    from experiments.tables.catalogue import measured, questions

    trained, timed = questions(), measured()
    width = max(map(len, trained | timed))
    for title, found in (("lookback run ..", trained), ("lookback ..", timed)):
        print(title)
        for name, question in found.items():
            print(f"  {name:{width}}  {question}")
