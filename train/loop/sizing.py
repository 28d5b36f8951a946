"""What only data can tell of a model: how many ids there are, and how many classes."""

import dataclasses

from data.tokenizers.tokenizer import Tokenizer


def sized(model, task, tokenizer: Tokenizer):
    """The model with `vocab_size` and, if it has that field, `classes`: 1 where what is learnt is a score."""
    sizes = {"vocab_size": len(tokenizer)}
    if any(field.name == "classes" for field in dataclasses.fields(model)):
        sizes["classes"] = len(task.labels) or 1
    return dataclasses.replace(model, **sizes)
