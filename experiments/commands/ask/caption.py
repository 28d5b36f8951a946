"""Say what pictures show, with a trained captioner: PNG or JPEG files, a line each.

examples:
  lookback caption runs/captioning/soft/0 scene.png
  lookback caption runs/captioning/soft/0 scene.png --maps maps.png      where on it each word looked
  lookback caption runs/captioning/soft/0 --first 3       pictures of its test split, with their own captions

Printed is "picture <tab> caption", of the test split also each caption that the picture has, between tabs.
Pictures are scaled to the size of those that the run was trained on. In the drawing of --maps, of one
picture, a place is as bright as it was looked at.
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
    parser.add_argument("--maps", metavar="FILE", help="draw where each word looked: .png, .svg or .pdf")


def execute(arguments: argparse.Namespace) -> None:
    """Print a caption of each picture, and draw the maps of one."""
    from train import devices

    devices.setup()
    from data.files import picture_files
    from data.items.captioned import Captioned
    from data.tasks.captioning import Captioning
    from experiments.pictures import caption_maps, fonts
    from train.inference.caption_writer import CaptionWriter
    from train.run import require_role
    from train.weights.load import load

    number = len(arguments.pictures) or arguments.first
    if arguments.maps:
        fonts.format_of(arguments.maps)
        if number != 1:
            raise ValueError(
                f"--maps {arguments.maps} is of one picture, not {number}: give one, or --first 1"
            )
    trained = load(arguments.run_dir)
    require_role(arguments.run_dir, "is to caption pictures", "task", trained.task, Captioning)
    if arguments.maps and not trained.model.attends:
        raise ValueError(f"--maps: {arguments.run_dir} looks nowhere, it has no attention: give another run")
    size = trained.task.corpus.size
    items = [Captioned(picture_files.read(name, size), (), name) for name in arguments.pictures]
    items = items or trained.task.items("test", trained.data_dir)[:number]
    writer = CaptionWriter.of(trained, search(trained.run, arguments.beam))
    found = [best for best, *_ in writer([item.picture for item in items])]
    for item, said in zip(items, found, strict=True):
        print(item.name, said.text, *item.captions, sep="\t")
    if arguments.maps:
        (weights,) = writer.maps([items[0].picture], [found[0].ids])
        pieces = trained.tokenizer.pieces(found[0].ids)
        caption_maps.draw(items[0].picture, pieces, weights, arguments.maps)


def search(run, beam: int | None):
    """The search that the run was judged with, with what the command line changes."""
    import dataclasses

    from train.evaluators.captions.caption_scores import CaptionScores
    from train.inference.caption_writer import OF_PICTURES

    own = next((judge.search for judge in run.evaluators if type(judge) is CaptionScores), OF_PICTURES)
    return own if beam is None else dataclasses.replace(own, beam=beam)
