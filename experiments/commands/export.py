"""Write a run's GPT-2, BERT or ELMo as a folder that `transformers` or AllenNLP loads, tokenizer included.

examples:
  lookback export runs/perplexity/GPT-2/0 exported/gpt2
  lookback export runs/bert_pretraining/BERT-tiny/0 exported/bert
  lookback export runs/elmo_pretraining/ELMo/0 exported/elmo

GPT-2 and BERT become config.json and model.safetensors, for from_pretrained("exported/gpt2"); ELMo becomes
options.json and lm_weights.hdf5. Of a head on an encoder the encoder is written, of a pretrained BERT what it
predicts too. The weights are those that the run is judged by, in float32.
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, and the folder to write."""
    parser.add_argument("run_dir", help="directory of a trained run, as in runs/perplexity/GPT-2/0")
    parser.add_argument("folder", help="where to write: a folder that is new or empty")


def execute(arguments: argparse.Namespace) -> None:
    """Load, export, and say what was written."""
    from pathlib import Path

    from train import devices

    devices.setup()
    from train.weights.export import export, require_new
    from train.weights.load import load

    folder = Path(arguments.folder).expanduser()
    require_new(folder)  # before checkpoints are read, which may take a while
    trained = load(arguments.run_dir)
    names = export(trained.model, trained.params, trained.tokenizer, folder)
    print(f"{folder}: {', '.join(names)}; weights: {trained.weights}")
