"""Pictures of runs: learning curves, and where a translation looked at its source.

examples:
  lookback plot runs/translation/lstm-additive/0     alignment of the first test sentence, and curves
  lookback plot runs/translation/lstm-additive/0 --sentence "The old baker opens the door." --out pictures
  lookback plot runs/source_length/*/0               learning curves and BLEU by source length together
  lookback plot runs/lookback_distance/*/*           recall against distance, mean and range of seeds; curves
  lookback plot runs/vanishing_gradients/*/*         gradients against distance, likewise
  lookback plot "runs/cells/LSTM 2x128/0"            source code coloured by the cells that keep track of it
  lookback plot runs/word_senses/BERT/0              sentences of words with several senses, coloured by sense
"""

import argparse

DISTANCES = {
    "accuracy": ("Recall of a name or topic, per cent", "words between the cue and the question", False),
    "gradient": (
        "Gradient left, per cent of that one step back",
        "steps between the state and the loss",
        True,
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `plot`."""
    parser.add_argument("run_dirs", nargs="+", metavar="RUN_DIR")
    parser.add_argument("--sentence", help="the source to align (the first of the test set)")
    parser.add_argument("--out", help="folder for the pictures (RUN_DIR/pictures)")


def execute(arguments: argparse.Namespace) -> None:
    """Draw every picture there is something for, and print their paths."""
    from pathlib import Path

    from experiments.report import cell_text, plots, sense_plots
    from train.folder.record import read

    folders = [Path(name) for name in arguments.run_dirs]
    whose = [folder.parts[-2:] for folder in folders]  # a row and a seed, and of equal ones all that differs
    parts = 2 if len({*whose}) == len(whose) else max(len(folder.parts) for folder in folders)
    records = {"/".join(folder.parts[-parts:]): read(folder) for folder in folders}
    out = Path(arguments.out or folders[0] / "pictures")
    out.mkdir(parents=True, exist_ok=True)
    plots.learning_curves(records, out / "learning_curves.png")
    print(out / "learning_curves.png")
    if spoken := {
        name: by_length(record) for name, record in records.items() if ("BLEU", "test") in record.results
    }:
        plots.length_curves(spoken, out / "source_length.png")
        print(out / "source_length.png")
    for metric, words in DISTANCES.items():
        curves: dict[str, list] = {}
        for record in records.values():
            if curve := by_distance(record, metric):
                curves.setdefault(record.row, []).extend(curve)
        if curves:
            plots.distance_curves(curves, out / f"{metric}.png", *words)
            print(out / f"{metric}.png")
    if len(folders) == 1 and (lit := cell_text.read(folders[0])):
        print(*cell_text.draw(lit, out), sep="\n")
    if len(folders) == 1 and (forms := sense_plots.read(folders[0])):
        sense_plots.draw(forms, out / "senses.png")
        print(out / "senses.png")
    if len(folders) == 1 and attends(folders[0]):
        align(folders[0], arguments.sentence, out / "alignment.png")
        print(out / "alignment.png")


def by_length(record, edges=(5, 10, 15, 20, 25, 30)):
    """BLEU of a run's test outputs by words of the source, scored as the run was."""
    from train.metrics.bleu import by_source_length

    return by_source_length(record.counts("BLEU", "test"), edges)


def by_distance(record, metric: str) -> list[tuple[int, float]]:
    """(distance, per cent) of a run that was asked what is left so far back."""
    return [
        (int(name.removeprefix("distance ")), result.value)
        for (what, name), result in record.results.items()
        if what == metric and name.startswith("distance ")
    ]


def attends(directory) -> bool:
    """Whether the model looks at its source while it speaks."""
    from train.folder.claim import read

    run, _ = read(directory)
    return run.task.gives == "sentence pairs" and run.model.attends


def align(directory, sentence: str | None, path) -> None:
    """The heat map of a sentence's translation, weights beside it as NPZ."""
    import numpy as np

    from experiments.command_line import stdin
    from experiments.report import plots
    from train import devices
    from train.folder.record import read

    devices.setup()
    from train.inference.translator import Translator
    from train.weights.load import load

    (asked,) = stdin.given([sentence or ""], "--sentence")
    source = asked or (read(directory).output("test", "source") or [""])[0]
    if not source.strip():
        raise ValueError(f"{directory}: no test outputs yet; give a sentence with --sentence")
    translator = Translator.of(load(directory))
    ((best, *_),) = translator([source])
    weights, source_pieces, target_pieces = translator.attention(source, best.ids)
    plots.alignment(weights, source_pieces, target_pieces, path)
    np.savez_compressed(path.with_suffix(".npz"), weights=weights, source=source_pieces, target=target_pieces)
