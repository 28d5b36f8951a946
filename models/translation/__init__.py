"""Encoder-decoders: recurrent ones, and the Transformer."""
