"""Pictures of runs: learning curves, and where a translation or a caption looked.

examples:
  lookback plot runs/translation/lstm-additive/0     alignment of the first test sentence, and curves
  lookback plot runs/translation/lstm-additive/0 --sentence "The old baker opens the door." --out pictures
  lookback plot runs/translation/lstm-additive/0 --picture alignment --out alignment.svg
  lookback plot runs/source_length/*/*               learning curves and BLEU by source length together
  lookback plot runs/lookback_distance/*/* --format pdf     recall against distance, a point a seed; curves
  lookback plot runs/vanishing_gradients/*/*         gradients against distance, likewise
  lookback plot "runs/cells/LSTM 2x128/0"            source code coloured by the cells that keep track of it
  lookback plot runs/word_senses/BERT/0              sentences of words with several senses, coloured by sense
  lookback plot runs/captioning/soft/0               where on the first test picture each word looked

The suffix of a file in --out, .png, .svg or .pdf, says as what one picture is written; a folder takes all
there are, as --format says. Text in an SVG stays text. Drawn again, a picture is the same to the byte.
"""

import argparse

FORMATS = ("png", "svg", "pdf")
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
    parser.add_argument("--picture", metavar="NAME", help="this one alone, as in learning_curves")
    parser.add_argument("--out", metavar="PATH", help="folder, or file of one picture (RUN_DIR/pictures)")
    parser.add_argument("--format", choices=FORMATS, help="of pictures in a folder (png)")


def execute(arguments: argparse.Namespace) -> None:
    """Draw every picture there is something for, and print their paths."""
    from pathlib import Path

    from data.splits import known

    folders = [Path(name) for name in arguments.run_dirs]
    drawing = pictures(folders, arguments.sentence)
    if arguments.picture:
        name = known("picture", arguments.picture, tuple(drawing))
        drawing = {name: drawing[name]}
    out = Path(arguments.out or folders[0] / "pictures")
    for name, path in places(out, arguments.format, tuple(drawing)).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        drawing[name](path)
        print(path)


def places(out, format: str | None, names) -> dict:
    """{picture: its file}: `out` itself, whose suffix says its format, or one each in the folder `out`."""
    suffix = out.suffix.lower()
    if len(names) == 1 and "." in names[0] and names[0].endswith(suffix) and suffix:
        return {names[0]: out}
    if out.is_dir() or not suffix[1:].isalpha():
        return {name: out / (name if "." in name else f"{name}.{format or FORMATS[0]}") for name in names}
    if suffix[1:] not in FORMATS:
        raise ValueError(f"--out {out}: a picture is .{', .'.join(FORMATS)}, not {suffix}; or name a folder")
    if format and suffix != f".{format}":
        raise ValueError(f"--out {out} is no .{format}: leave out --format, or name a folder")
    if len(names) > 1:
        raise ValueError(
            f"--out {out} is one picture, and there are {', '.join(names)}: choose one with --picture, or "
            "name a folder"
        )
    return {names[0]: out}


def pictures(folders, sentence: str | None) -> dict:
    """{picture: a function that draws it into a file}, of all that there is something for."""
    from functools import partial

    from experiments.pictures import cell_text, plots, sense_plots
    from train.folder.record import read
    from train.metrics.distances import by_distance

    records = {folder: read(folder) for folder in folders}
    rows = labelled(folders)
    runs = {row: [records[folder] for folder in seeds] for row, seeds in rows.items()}
    caption = plots.subject(records.values())
    found = {}
    if logged(records.values()) or len(folders) > 1:
        found["learning_curves"] = partial(plots.learning_curves, runs)
    spoken = {row: [group for record in seeds for group in by_length(record)] for row, seeds in runs.items()}
    if spoken := {row: groups for row, groups in spoken.items() if groups}:
        found["source_length"] = partial(
            plots.length_curves, spoken, title="BLEU by source length", caption=caption
        )
    curves: dict[str, dict[str, list]] = {}
    for row, seeds in runs.items():
        for record in seeds:
            for metric, scores in by_distance(record.results).items():
                points = [(distance, score.value) for distance, score in scores]
                curves.setdefault(metric, {}).setdefault(row, []).extend(points)
    for metric, of_rows in curves.items():
        title, along, powers = DISTANCES.get(metric, (metric.capitalize(), "distance", False))
        found[metric.replace(" ", "_")] = partial(
            plots.distance_curves, of_rows, title=title, along=along, powers=powers, caption=caption
        )
    if len(folders) == 1:
        (folder,) = folders
        if lit := cell_text.read(folder):
            found["cells.html"] = lambda path: path.write_text(cell_text.as_html(lit), encoding="utf-8")
            for each in lit:
                found[cell_text.picture_name(each)] = partial(cell_text.draw, each, caption=caption)
        if forms := sense_plots.read(folder):
            found["senses"] = partial(sense_plots.draw, forms, caption=caption)
        if attends(folder, "sentence pairs"):
            found["alignment"] = partial(align, folder, sentence, caption=caption)
        if attends(folder, "captioned pictures"):
            found["caption_maps"] = partial(light, folder, caption=caption)
    return found or {"learning_curves": partial(plots.learning_curves, runs)}


def labelled(folders) -> dict:
    """{row: its runs}, a row by its folder's name, and of equal ones by all that differs."""
    rows = dict.fromkeys(folder.parent for folder in folders)
    most = max(len(row.parts) for row in rows)
    for parts in (1, 2, most):
        names = {row: "/".join(row.parts[-parts:]) for row in rows}
        if len({*names.values()}) == len(rows):
            break
    return {names[row]: [folder for folder in folders if folder.parent == row] for row in rows}


def logged(records) -> bool:
    """Whether any run has logged a loss."""
    return any(record.train or record.valid for record in records)


def by_length(record, edges=(5, 10, 15, 20, 25, 30)):
    """BLEU of a run's test outputs by words of the source, scored as the run was; [] where none is kept."""
    from train.metrics.bleu import by_source_length

    counts = record.counts("BLEU", "test")
    return by_source_length(counts, edges) if counts else []


def attends(directory, source: str) -> bool:
    """Whether the model looks at its source, of this kind, while it speaks."""
    from train.folder.claim import read

    run, _ = read(directory)
    return run.task.gives == source and run.model.attends


def light(directory, path, caption: str = "") -> None:
    """The first test picture, lit where each word of its caption looked."""
    from experiments.pictures import caption_maps
    from train import devices

    devices.setup()
    from train.inference.caption_writer import CaptionWriter
    from train.weights.load import load

    trained = load(directory)
    corpus = trained.task.corpus
    picture = corpus.pictured("test", trained.data_dir)[0].picture
    (seen,), writer = corpus.given([picture]), CaptionWriter.of(trained)
    ((best, *_),) = writer([seen])
    (maps,) = writer.maps([seen], [best.ids])
    caption_maps.draw(picture, trained.tokenizer.pieces(best.ids), maps, path, caption)


def align(directory, sentence: str | None, path, caption: str = "") -> None:
    """The heat map of a sentence's translation, weights beside it as NPZ."""
    import numpy as np

    from experiments.command_line import stdin
    from experiments.pictures import plots
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
    title = "Where each word of the translation looked"
    plots.alignment(weights, source_pieces, target_pieces, path, title, caption=caption)
    np.savez_compressed(path.with_suffix(".npz"), weights=weights, source=source_pieces, target=target_pieces)
