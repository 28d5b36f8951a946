"""Say what pictures show, with a trained captioner: PNG or JPEG files, a line each.

examples:
  lookback caption runs/captioning/soft/0 scene.png
  lookback caption runs/captioning/soft/0 scene.png --maps maps.png      where on it each word looked
  lookback caption runs/captioning/soft/0 --first 3       pictures of its test split, with their own captions
  lookback caption runs/captioning/soft/0 --worst 6 --gallery mistakes.png   what it says worst, and why

Printed is "picture <tab> caption", of the test split also each caption that the picture has, between tabs.
Pictures are scaled to the size of those that the run was trained on. In the drawing of --maps, of one
picture, a place is as bright as it was looked at. --worst are those of the test split whose captions have
the least CIDEr, worst first; --gallery draws them, each lit where the first word that no person said looked,
or else the first that ends words together which nobody said.
"""

import argparse

from data.fields import Beam, Positive
from experiments.command_line.options import bounded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `caption`."""
    parser.add_argument("run_dir")
    parser.add_argument("pictures", nargs="*", metavar="PICTURE", help="files; without any, see --first")
    parser.add_argument(
        "--first",
        type=bounded(Positive),
        default=5,
        metavar="N",
        help="without files, the first N pictures of the test split (5)",
    )
    parser.add_argument(
        "--beam", type=bounded(Beam), metavar="K", help="hypotheses kept; 1 is greedy (the run's own)"
    )
    parser.add_argument(
        "--worst",
        type=bounded(Positive),
        metavar="N",
        help="without files, the N test pictures with the worst captions, as the run was judged",
    )
    parser.add_argument("--maps", metavar="FILE", help="draw where each word looked: .png, .svg or .pdf")
    parser.add_argument("--gallery", metavar="FILE", help="draw what --worst finds: .png, .svg or .pdf")


def execute(arguments: argparse.Namespace) -> None:
    """Print a caption of each picture, and draw the maps of one."""
    from train import devices

    devices.setup()
    from data.files import picture_files
    from data.items.captioned import Captioned
    from data.tasks.captioning import Captioning
    from experiments.pictures import caption_gallery, caption_maps, fonts
    from train.inference.caption_writer import CaptionWriter
    from train.run import require_role
    from train.weights.load import load

    if arguments.worst and arguments.pictures:
        raise ValueError("--worst is of the test split: leave out the files")
    number = len(arguments.pictures) or arguments.worst or arguments.first
    if arguments.gallery:
        fonts.format_of(arguments.gallery)
        if not arguments.worst:
            raise ValueError(f"--gallery {arguments.gallery} draws what --worst finds: give --worst N")
    if arguments.maps:
        fonts.format_of(arguments.maps)
        if number != 1:
            raise ValueError(
                f"--maps {arguments.maps} is of one picture, not {number}: give one, or --first 1"
            )
    trained = load(arguments.run_dir)
    require_role(arguments.run_dir, "is to caption pictures", "task", trained.task, Captioning)
    for option in ("maps", "gallery"):
        if getattr(arguments, option) and not trained.model.attends:
            raise ValueError(
                f"--{option}: {arguments.run_dir} looks nowhere, it has no attention: give another run"
            )
    size = trained.task.corpus.size
    items = [Captioned(picture_files.read(name, size), (), name) for name in arguments.pictures]
    if not items:
        chosen = worst(arguments.run_dir, arguments.worst) if arguments.worst else range(number)
        of_test = trained.task.corpus.pictured("test", trained.data_dir)
        items = [of_test[place] for place in chosen if place < len(of_test)]
    writer = CaptionWriter.of(trained, search(trained.run, arguments.beam))
    pictures = trained.task.corpus.given([item.picture for item in items])
    found = [best for best, *_ in writer(pictures)]
    for item, said in zip(items, found, strict=True):
        print(item.name, said.text, *item.captions, sep="\t")
    if arguments.maps:
        (weights,) = writer.maps(pictures, [found[0].ids])
        pieces = trained.tokenizer.pieces(found[0].ids)
        caption_maps.draw(items[0].picture, pieces, weights, arguments.maps)
    if arguments.gallery:
        texts = [best.text for best in found]
        weights = writer.maps(pictures, trained.tokenizer.encode(texts))
        mistakes = [
            caption_gallery.mistake(item.picture, said, item.captions, trained.tokenizer, looks)
            for item, said, looks in zip(items, texts, weights, strict=True)
        ]
        caption_gallery.draw(mistakes, arguments.gallery)


def worst(run_dir: str, count: int) -> list[int]:
    """The places of the test pictures whose captions have the least CIDEr; ValueError where none was kept."""
    import numpy as np

    from train.folder.record import read

    counts = read(run_dir).counts("CIDEr", "test")
    if counts is None:
        raise ValueError(
            f"--worst: {run_dir} has no CIDEr of its test captions: give a run that CaptionScores judged"
        )
    return np.argsort(counts.column("sum"), kind="stable")[:count].tolist()


def search(run, beam: int | None):
    """The search that the run was judged with, with what the command line changes."""
    import dataclasses

    from train.evaluators.captions.caption_scores import CaptionScores
    from train.inference.caption_writer import OF_PICTURES

    own = next((judge.search for judge in run.evaluators if isinstance(judge, CaptionScores)), OF_PICTURES)
    return own if beam is None else dataclasses.replace(own, beam=beam)
