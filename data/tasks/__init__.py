"""A task: a corpus, a tokenizer, and splits as ids."""
