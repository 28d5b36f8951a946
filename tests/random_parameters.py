"""Parameters that no test takes for granted: of a model's shapes, and random, biases too."""

import jax


def scattered(params, seed: int = 1, scale: float = 1.0):
    """The tree with all its numbers from N(0, scale^2): none is zero by the choice of its initialiser."""
    leaves, structure = jax.tree.flatten(params)
    keys = jax.random.split(jax.random.key(seed), len(leaves))
    return jax.tree.unflatten(
        structure,
        [scale * jax.random.normal(key, leaf.shape) for key, leaf in zip(keys, leaves, strict=True)],
    )
