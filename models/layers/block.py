"""The Transformer's block: attention, then a feed-forward network, each with a residual and a layer norm."""

from collections.abc import Callable

import flax.linen as nn
from jaxtyping import Array, Bool, Float, Int

from models.attention.cache import KeysValues
from models.attention.mask import Mask
from models.attention.multihead import Initializer, MultiHeadAttention
from models.layers.dense import Dense
from models.layers.dropout import Dropout


class FeedForward(nn.Module):
    """f(x W1 + b1) W2 + b2, f = max(0, .) as published  -- Vaswani et al. 2017, eq. 2."""

    hidden_dim: int
    dtype: str
    activation: Callable = nn.relu
    kernel_init: Initializer = nn.initializers.xavier_uniform()
    out_init: Initializer = nn.initializers.xavier_uniform()

    @nn.compact
    def __call__(self, x: Float[Array, "B T D"]) -> Float[Array, "B T D"]:
        dense = lambda features, name, init: Dense(features, dtype=self.dtype, kernel_init=init, name=name)
        hidden = self.activation(dense(self.hidden_dim, "widen", self.kernel_init)(x))
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
        self.norm = nn.LayerNorm(epsilon=self.epsilon, dtype=self.dtype)
        self.drop = Dropout(self.dropout)

    def enter(self, x: Float[Array, "B T D"]) -> Float[Array, "B T D"]:
        """What f reads."""
        return self.norm(x) if self.pre_norm else x

    def leave(
        self, x: Float[Array, "B T D"], change: Float[Array, "B T D"], train: bool
    ) -> Float[Array, "B T D"]:
        """What x and `change`, which f has said, come to."""
        x = x + self.drop(change, train)
        return x if self.pre_norm else self.norm(x)


class Block(nn.Module):
    """Self-attention, then the feed-forward network: all there is to an encoder, and to a lone decoder."""

    features: int
    hidden_dim: int
    heads: int
    dropout: float
    pre_norm: bool
    dtype: str
    activation: Callable = nn.relu
    kernel_init: Initializer = nn.initializers.xavier_uniform()
    out_init: Initializer = nn.initializers.xavier_uniform()
    epsilon: float = 1e-5
    attention_dropout: float = 0.0

    def setup(self):
        inits = {"kernel_init": self.kernel_init, "out_init": self.out_init}
        looking = {"dropout": self.attention_dropout, **inits}
        self.attention = MultiHeadAttention(self.heads, self.features, self.dtype, **looking)
        self.feed_forward = FeedForward(self.hidden_dim, self.dtype, self.activation, **inits)
        residual = (self.dropout, self.pre_norm, self.dtype, self.epsilon)
        self.residuals = [Residual(*residual) for _ in range(2)]

    def __call__(
        self,
        x: Float[Array, "B T D"],
        mask: Mask | Bool[Array, "B T S"],
        past: KeysValues | None,
        slots: Int[Array, "B T"] | None,
        train: bool,
    ) -> tuple[Float[Array, "B T D"], KeysValues]:
        """`past` has `slots` for the keys and values of x; None means that x is the whole sequence."""
        look, feed = self.residuals
        seen, kept = self.attention.within(look.enter(x), mask, past, slots, train)
        x = look.leave(x, seen, train)
        return feed.leave(x, self.feed_forward(feed.enter(x)), train), kept
