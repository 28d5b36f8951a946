"""From logits to sequences: search, sampling, the top k."""
