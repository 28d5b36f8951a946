"""The Transformer's block: attention, then a feed-forward network, each with a residual and a layer norm."""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models.attention.cache import KeyValue
from models.attention.mask import Mask
from models.attention.multihead import Initializer, MultiHeadAttention
from models.attention.positions import Where
from models.attention.scores import ScaledDot, Score
from models.chip import chip
from models.layers.dense import Dense
from models.layers.dropout import Dropout

# The axis along which devices can share a layer of a block: one of them computes a head, or a unit inside the
# feed-forward network, from all of x, and what comes out is added up  -- Shoeybi et al. 2019, section 3.
INNER = {
    ("query", "kernel"): 1,
    ("query", "bias"): 0,
    ("key_value", "kernel"): 2,
    ("key_value", "bias"): 1,
    ("out", "kernel"): 0,
    ("widen", "kernel"): 1,
    ("narrow", "kernel"): 0,
}


class FeedForward(nn.Module):
    """f(x W1 + b1) W2 + b2, f = max(0, .) as published  -- Vaswani et al. 2017, eq. 2."""

    mlp_dim: int
    dtype: str
    activation: Callable = nn.relu
    kernel_init: Initializer = nn.initializers.xavier_uniform()
    out_init: Initializer = nn.initializers.xavier_uniform()

    @nn.compact
    def __call__(self, x: Float[Array, "B T D"]) -> Float[Array, "B T D"]:
        """Of each position by itself."""
        dense = lambda features, name, init: Dense(features, dtype=self.dtype, kernel_init=init, name=name)
        # What a gelu keeps for its gradient costs a GPU or TPU more to write and read than to compute again.
        activation = self.activation if chip().backend == "cpu" else jax.checkpoint(self.activation)
        hidden = activation(dense(self.mlp_dim, "widen", self.kernel_init)(x))
        return dense(x.shape[-1], "narrow", self.out_init)(hidden)


class Residual(nn.Module):
    """LayerNorm(x + Dropout(f(x))) as published: post-LN. Pre-LN is x + Dropout(f(LayerNorm(x))).

    Vaswani et al. 2017, §3.1; Xiong et al. 2020. The input is added, not concatenated.
    """

    dropout: float
    pre_norm: bool
    dtype: str
    epsilon: float = 1e-5

    def setup(self):
        """Submodules and parameters: `norm` and `drop`."""
        self.norm = nn.LayerNorm(epsilon=self.epsilon, dtype=self.dtype)
        self.drop = Dropout(self.dropout)

    def enter(self, x: Float[Array, "B T D"]) -> Float[Array, "B T D"]:
        """The input of f."""
        return self.norm(x) if self.pre_norm else x

    def leave(
        self, x: Float[Array, "B T D"], change: Float[Array, "B T D"], train: bool
    ) -> Float[Array, "B T D"]:
        """x and `change`, the value of f, added and normed in the order of `pre_norm`."""
        x = x + self.drop(change, train)
        return x if self.pre_norm else self.norm(x)


class WithoutNorm(Residual):
    """x + Dropout(f(x)): nothing keeps the size of states."""

    def setup(self):
        """Submodules and parameters: `drop`."""
        self.drop = Dropout(self.dropout)

    def enter(self, x: Float[Array, "B T D"]) -> Float[Array, "B T D"]:
        """x as it is."""
        return x

    def leave(
        self, x: Float[Array, "B T D"], change: Float[Array, "B T D"], train: bool
    ) -> Float[Array, "B T D"]:
        """x and `change` added."""
        return x + self.drop(change, train)


class WithoutResidual(Residual):
    """Dropout(f(LayerNorm(x))), or post-LN LayerNorm(Dropout(f(x))): x itself does not go on."""

    def leave(
        self, x: Float[Array, "B T D"], change: Float[Array, "B T D"], train: bool
    ) -> Float[Array, "B T D"]:
        """`change` alone."""
        return super().leave(jnp.zeros_like(x), change, train)


class Block(nn.Module):
    """Self-attention, then the feed-forward network: all there is to an encoder, and to a lone decoder."""

    features: int
    mlp_dim: int
    num_heads: int
    dropout: float
    pre_norm: bool
    dtype: str
    activation: Callable = nn.relu
    kernel_init: Initializer = nn.initializers.xavier_uniform()
    out_init: Initializer = nn.initializers.xavier_uniform()
    epsilon: float = 1e-5
    attention_dropout: float = 0.0
    num_kv_heads: int | None = None
    score: Score = ScaledDot()
    residual: type[Residual] = Residual

    def setup(self):
        """Submodules and parameters: `attention`, `feed_forward` and `residuals`."""
        inits = {"kernel_init": self.kernel_init, "out_init": self.out_init}
        self.attention = MultiHeadAttention(
            self.num_heads,
            self.features,
            self.dtype,
            dropout=self.attention_dropout,
            num_kv_heads=self.num_kv_heads,
            score=self.score.clone(parent=None, name=None),
            **inits,
        )
        self.feed_forward = FeedForward(self.mlp_dim, self.dtype, self.activation, **inits)
        residual = (self.dropout, self.pre_norm, self.dtype, self.epsilon)
        self.residuals = [self.residual(*residual) for _ in range(2)]

    def __call__(
        self,
        x: Float[Array, "B T D"],
        mask: Mask | Bool[Array, "B T S"],
        past: KeyValue | None,
        slots: Int[Array, "B T"] | None,
        train: bool,
        where: Where = Where(),
    ) -> tuple[Float[Array, "B T D"], KeyValue]:
        """`past` has `slots` for the keys and values of x; None means that x is the whole sequence.

        Beside the states: the keys and values seen. `where` is what positions change inside attention.
        """
        look, feed = self.residuals
        seen, kept = self.attention.within(look.enter(x), mask, past, slots, train, where)
        x = look.leave(x, seen, train)
        return feed.leave(x, self.feed_forward(feed.enter(x)), train), kept
