"""Batches of a few fixed shapes: of pairs, of examples, of streams, of masked texts."""
