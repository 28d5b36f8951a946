"""Judge a trained run on a new test set, as it was judged on its own; each score with its protocol.

examples:
  lookback evaluate runs/translation/transformer/0 --on newstest              newstest.en and newstest.de
  lookback evaluate runs/translation/transformer/0 --on newstest.en newstest.de evaluators.Bleu.search.beam=1
  lookback evaluate runs/perplexity/LSTM/0 --on text.txt
  lookback evaluate runs/sentences/LSTM/0 --on reviews.csv                    columns text and label
  lookback evaluate runs/tagging/BiLSTM-CRF/0 --on test.conll                 a word and its tag a line
  lookback evaluate runs/sentences/LSTM/0 --corpus "CrossValidated(name='CR')" --data-dir CORPORA

Printed is "metric <tab> value <tab> protocol". Evaluators of the run that do not suit the new test set are
named on the standard error and left out. The run's folder stays as it is; --out keeps what was said.
"""

import argparse

from experiments.command_line.options import parted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `evaluate`."""
    parser.add_argument("run_dir", help="directory of a trained run, as in runs/translation/transformer/0")
    parser.add_argument(
        "changes", nargs="*", metavar="path=value", help="as in evaluators.Bleu.search.beam=1"
    )
    test = parser.add_mutually_exclusive_group(required=True)
    test.add_argument("--on", nargs="+", metavar="FILE", help="files of your own")
    test.add_argument("--corpus", metavar="PART", help="a corpus, as in 'Newstest(year=2014)'")
    parser.add_argument("--data-dir", help="folder of real corpora (or LOOKBACK_DATA)")
    parser.add_argument("--out", metavar="DIR", help="keep texts, references and answers in this folder")


def execute(arguments: argparse.Namespace) -> None:
    """Load, judge, print."""
    import dataclasses
    import sys
    import tempfile
    from pathlib import Path

    from train import devices

    devices.setup()
    from train.weights.load import load

    trained = load(arguments.run_dir)
    run = judged(trained.run, arguments)
    with tempfile.TemporaryDirectory() as kept:
        out = Path(arguments.out).expanduser() if arguments.out else Path(kept)
        out.mkdir(parents=True, exist_ok=True)
        asked = dataclasses.replace(trained, run=run, directory=out, data_dir=arguments.data_dir)
        for evaluator in run.evaluators:
            for result in evaluator(asked):
                protocol = "; ".join(f"{field} {text}" for field, text in result.protocol.items())
                print(result.metric, f"{result.value:.4f}", protocol, sep="\t")
                sys.stdout.flush()


def judged(run, arguments: argparse.Namespace):
    """The run on the new test set, with the evaluators that suit it; ValueError where none does."""
    import dataclasses
    import sys

    from train.parts import field_types, override, parse, settings

    files, within = parted(arguments.on or ())
    if arguments.corpus:
        corpus = parse(arguments.corpus, field_types(type(run.task)).get("corpus", object))
    else:
        corpus = run.task.on(files)
    run = override(run, [*within, *arguments.changes])
    run = dataclasses.replace(run, task=dataclasses.replace(run.task, corpus=corpus))
    suiting, refused = [], []
    for evaluator in run.evaluators:
        known = {"split": "test", "corpus": None, "name": None}
        known = {field: value for field, value in known.items() if field in settings(evaluator)}
        evaluator = dataclasses.replace(evaluator, **known)
        try:
            evaluator.require(dataclasses.replace(run, evaluators=(evaluator,)))
        except ValueError as error:
            refused.append(str(error))
            continue
        if evaluator not in suiting:
            suiting.append(evaluator)
    for said in refused:
        print(f"lookback: left out: {said}", file=sys.stderr)
    if not suiting:
        raise ValueError(
            f"{arguments.run_dir}: none of its evaluators suits that test set; add evaluators=(..)"
        )
    return dataclasses.replace(run, evaluators=tuple(suiting))
