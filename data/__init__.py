"""Text in, dictionaries of numpy arrays out; `data` never imports jax."""
