"""Choosing the next token: the likeliest, or one drawn at a temperature, from the top k or the top p."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from models.decoding.top_k import top_k
from models.fields import Mass, Part, Positive, Temperature
from models.layers.rows import first_row


def most_likely(log_probabilities: Float[Array, "B V"], key: Key[Array, ""]) -> Int[Array, "B"]:
    """The argmax of each row; the key is not used."""
    nothing = jnp.zeros((len(log_probabilities), 1), log_probabilities.dtype)
    return top_k(log_probabilities[:, None], nothing, 1)[2][:, 0]


@dataclasses.dataclass(frozen=True)
class Sample(Part):
    """Sample from softmax(log p / temperature), cut to the `top_k` likeliest and the nucleus of mass `top_p`.

    The nucleus is the smallest set of tokens whose probability reaches top_p  -- Holtzman et al. 2020, §3.1.
    Each row draws with a key of its own, so a row's sample does not depend on the batch it is in.
    """

    temperature: Temperature = 1.0
    top_k: Positive | None = None
    top_p: Mass = 1.0

    def __call__(self, log_probabilities: Float[Array, "B V"], key: Key[Array, ""]) -> Int[Array, "B"]:
        """One token a row."""
        scaled = log_probabilities / self.temperature
        ranked = jnp.sort(scaled, axis=-1, descending=True)
        mass_before = jnp.cumsum(jax.nn.softmax(ranked), axis=-1) - jax.nn.softmax(ranked)
        kept = (mass_before < self.top_p) & (jnp.arange(ranked.shape[-1]) < (self.top_k or ranked.shape[-1]))
        floor = jnp.min(jnp.where(kept, ranked, jnp.inf), axis=-1, keepdims=True)
        rows = first_row(len(scaled)) + jnp.arange(len(scaled), dtype=jnp.uint32)
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, rows)
        return jax.vmap(jax.random.categorical)(keys, jnp.where(scaled >= floor, scaled, -jnp.inf))
