"""The others, PyTorch, transformers and CTranslate2, at our shapes; run by interpreters without jax too."""
