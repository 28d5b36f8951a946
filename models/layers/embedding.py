"""From ids to vectors and back: token embeddings, tied logits."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.ids import SPECIAL, UNK
from models.layers.dense import scores
from models.layers.dropout import keep_mask


class Embed(nn.Module):
    """x_t = E[id_t], and logits x E' where the table is tied (Press & Wolf 2017). Rows ~ N(0, 1/D)."""

    vocab_size: int
    features: int
    dtype: str = "float32"

    def setup(self):
        """Submodules and parameters: `table`."""
        self.table = self.param(
            "table", nn.initializers.normal(self.features**-0.5), (self.vocab_size, self.features)
        )

    def __call__(self, ids: Int[Array, "*B"]) -> Float[Array, "*B D"]:
        """The rows of the table, in `dtype`."""
        return self.table.astype(self.dtype)[ids]

    def attend(self, x: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        """Logits of tied output: x against every row."""
        return scores(x, self.table.astype(self.dtype))


class WordEmbed(Embed):
    """E[w_t]; in training words become UNK with probability `unknown`  -- Lample et al. 2016, §4.3.

    So there is a vector of words that training has not seen. Only those among the share `rare` of the
    vocabulary that is rarest are: ids go by frequency, and in most texts about half of all words are seen
    once. With rare = 1 it is the dropout of words of Iyyer et al. 2015, §3.2, with UNK in their place.
    """

    unknown: float = 0.0
    rare: float = 1.0

    def __call__(self, ids: Int[Array, "*B"], train: bool = False) -> Float[Array, "*B D"]:
        """Vectors of the ids, some of them replaced in training."""
        return super().__call__(self.replaced(ids) if train and self.unknown else ids)

    def replaced(self, ids: Int[Array, "*B"]) -> Int[Array, "*B"]:
        """Ids with UNK in the place of some, by the `dropout` stream."""
        least = max(self.vocab_size - round(self.rare * self.vocab_size), SPECIAL)
        kept = keep_mask(self.make_rng("dropout"), self.unknown, ids.shape)
        return jnp.where(kept | (ids < least), ids, UNK)
