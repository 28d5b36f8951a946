"""A published GPT-2 as a trained run: what asks runs can ask it to go on, or to score a text."""

import dataclasses
from pathlib import Path

from data.batches.streams import Windows
from data.corpora.unknown_text import UnknownText
from data.files.folders import present
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import PublishedGPT2
from data.tokenizers.published_folder import WHOLE
from data.tokenizers.tokenizer import END_OF_TEXT
from train.objectives.next_token import NextToken
from train.run import Run, Trained
from train.weights.gpt2 import read_gpt2

TOKENIZERS = WHOLE, "vocab.json", "encoder.json"  # one of them is there, plain or gzipped


def trained_gpt2(folder: Path) -> Trained:
    """The GPT-2 of a folder with its tokenizer; a text is read in windows as long as its context.

    Where <|endoftext|> is a token of its own it ends documents, as in the text that GPT-2 learned from.
    ValueError where there is no tokenizer.
    """
    model, params = read_gpt2(folder)
    if not any(present(folder / name) for name in TOKENIZERS):
        due = "no tokenizer.json, nor vocab.json and merges.txt"
        raise ValueError(f"{folder}: {due}: copy the files of its tokenizer there")
    level = PublishedGPT2(str(folder.absolute()))
    tokenizer = level.tokenizer(list)
    ends = tokenizer.core.token_to_id(END_OF_TEXT) == tokenizer.eos
    run = Run(
        model=dataclasses.replace(model, vocab_size=0),
        task=LanguageModelling(UnknownText(), level, END_OF_TEXT if ends else None),
        objective=NextToken(),
        batches=Windows(rows=1, length=model.context),
        initial=str(folder),
    )
    return Trained(run, model, params, tokenizer, "as published", folder)
