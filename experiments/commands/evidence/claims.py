"""What the lectures say, and whether the runs say so too: verdicts computed from the committed records.

examples:
  lookback claims                                    all of them, a line each
  lookback claims --lecture 001
  lookback claims C23                                with its rule, and the command where it is undecided
  lookback claims --runs-dir runs                    from runs of your own instead

A verdict is CONFIRMED or REFUTED where its rule holds or fails on every seed, MIXED where parts of a claim
differ, and UNDECIDED otherwise.
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `claims`."""
    parser.add_argument("ids", nargs="*", metavar="ID", help="these claims, in full")
    parser.add_argument("--lecture", metavar="N", help="of this lecture, as in 001")
    parser.add_argument("--runs-dir", help="runs of your own (the committed records)")
    parser.add_argument("--full", action="store_true", help="rules, effects and commands of all of them")


def execute(arguments: argparse.Namespace) -> None:
    """Print the verdicts."""
    from collections import Counter

    from data.splits import known
    from experiments.evidence import records
    from experiments.report.claims import judged
    from experiments.report.lectures import LECTURES
    from experiments.report.quantities import Evidence
    from experiments.tables import catalogue

    chosen = catalogue.named_claims(arguments.ids)
    if arguments.lecture:
        known("lecture", arguments.lecture, tuple(LECTURES))
        chosen = [claim for claim in chosen if arguments.lecture in claim.lectures]
    evidence = Evidence(records.folder_of(arguments.runs_dir))
    verdicts = [judged(claim, evidence) for claim in chosen]
    for verdict in verdicts:
        show(verdict, bool(arguments.ids) or arguments.full)
    counted = Counter(verdict.word for verdict in verdicts)
    print(", ".join(f"{count} {word}" for word, count in sorted(counted.items())))


def show(verdict, full: bool) -> None:
    """A line of a claim; in full also its rules, effects and what is missing."""
    from experiments.tables import catalogue

    claim = verdict.claim
    print(f"{claim.id:4} {verdict.word:10} {claim.lecture:8} {claim.said}")
    if not full:
        return
    for finding in verdict.findings:
        print(f"       {finding.verdict:10} {finding.part.rule}")
        for line in (finding.text, finding.missing):
            if line:
                print(f"                  {line}")
    if claim.note:
        print(f"       {claim.note}")
    if command := catalogue.deciding(verdict):
        print(f"       {command}")
