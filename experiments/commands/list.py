"""The experiments there are, and the question each answers."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def execute(arguments: argparse.Namespace) -> None:
    from experiments.catalogue import questions

    found = questions()
    for name, question in found.items():
        print(f"{name:{max(map(len, found))}}  {question}")
