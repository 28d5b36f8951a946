"""Train a language model on with a text of your own: of a run, or a published GPT-2.

examples:
  lookback finetune runs/char_lm/gpt-4x128/0 diary.txt --out runs/diary
  lookback finetune ~/gpt2 letters/ --steps 300 batches.rows=2 batches.length=256
  lookback finetune ~/gpt2 letters.txt --out runs/letters task.document_end="'<|endoftext|>'"
  lookback generate runs/diary --prompt "Dear"
"""

import argparse

from data.fields import Positive, Rate
from experiments.command_line.options import bounded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `finetune`."""
    parser.add_argument(
        "folder", help="a run's folder, or one with config.json, model.safetensors and vocabulary"
    )
    parser.add_argument("text", help="a text file, or a folder of .txt files")
    parser.add_argument("changes", nargs="*", metavar="path=value", help="as in batches.length=128")
    parser.add_argument("--out", default="runs/finetuned", help="the new run's folder (runs/finetuned)")
    parser.add_argument(
        "--config", metavar="FILE", help="the run.json of another, or a file of lines path=value"
    )
    parser.add_argument("--steps", type=bounded(Positive), default=200, help="updates (200)")
    parser.add_argument("--rate", type=bounded(Rate), default=1e-4, help="peak of the learning rate (1e-4)")


def execute(arguments: argparse.Namespace) -> None:
    """Train the run that goes on with the new text, and say what to do with it."""
    import dataclasses
    from pathlib import Path

    from experiments.tables import smoke
    from train import devices

    devices.setup()
    from data.files import installed
    from experiments.command_line import configuration
    from train.loop.training import train
    from train.parts import override

    if smoke.asked():
        arguments.steps = min(arguments.steps, 2)
    out = Path(arguments.out)
    given = configuration.read(arguments.config) if arguments.config else configuration.Configuration()
    run = tuned(installed.folder_of(arguments.folder).resolve(), arguments)
    if given.run is not None:  # how it was trained; what goes on, and with which text, is said here
        model, task, initial = run.model, run.task, run.initial
        run = dataclasses.replace(given.run, model=model, task=task, initial=initial)
    run = override(run, [*given.changes, *arguments.changes])
    run = run if given.seed is None else dataclasses.replace(run, seed=given.seed)
    train(run, out, None, "finetune", out.name)
    print(f"lookback generate {out} --prompt ...", f"lookback perplexity {out} < TEXT", sep="\n")


def tuned(folder, arguments: argparse.Namespace):
    """A run on the new text that begins with the weights, the tokenizer and the batches of `folder`."""
    import dataclasses

    from data.batches.streams import Windows
    from data.corpora.text import TextFiles
    from data.tasks.language import LanguageModelling
    from data.tokenizers.levels import PublishedGPT2, SavedTokenizer
    from train.evaluators.language.perplexities import Perplexity
    from train.folder import claim as directory
    from train.inference.scoring import require_probabilities
    from train.objectives.next_token import NextToken
    from train.optimizers import Adam, Cosine
    from train.run import Run
    from train.weights.gpt2 import read_gpt2

    corpus = TextFiles(arguments.text, train=0.9, valid=0.1)
    if (folder / "run.json").exists():
        before, _ = directory.read(folder)
        require_probabilities(before, str(folder))
        tokenizer = SavedTokenizer(str(folder / "tokenizer.json"))
        model, objective, batches = before.model, before.objective, before.batches
    else:
        model, _ = read_gpt2(folder)
        tokenizer = PublishedGPT2(str(folder))
        objective, batches = NextToken(), Windows(rows=4, length=min(model.context, 128))
    if model.fitted:
        raise ValueError(
            f"{folder}: {type(model).__name__} is counted, not trained: count the new text instead"
        )
    schedule = Cosine(peak=arguments.rate, warmup=max(arguments.steps // 20, 1), steps=arguments.steps)
    return Run(
        model=dataclasses.replace(model, vocab_size=0),
        task=LanguageModelling(corpus, tokenizer),
        objective=objective,
        optimizer=Adam(schedule=schedule, beta2=0.99, decay=0.1, clip=1.0),
        batches=batches,
        steps=arguments.steps,
        evaluate_every=max(arguments.steps // 10, 1),
        keep=1,
        evaluators=(Perplexity(split="valid"),),
        initial=str(folder),
    )
