"""Layers of averaged heads with feed-forward networks between them: what makes self-attention deep."""

from collections.abc import Callable

import flax.linen as nn

from models.attention.block import FeedForward
from models.fields import Positive
from models.language.self_attention import Heads, SelfAttentionLM


class StackedSelfAttentionLM(SelfAttentionLM):
    """h_l = f_l(heads_l(h_(l-1))), f(x) = max(0, x W1 + b1) W2 + b2  -- UT Austin CS378, lecture 24.

    h_0 are the words and positions of `SelfAttentionLM`, and L is `num_layers`. There are neither residuals
    nor layer norms; with both, and heads side by side, it is a Transformer (GPT2). Inside f has `mlp_dim`
    features, and what comes out is as wide as what the heads have seen.
    """

    num_layers: Positive = 2
    mlp_dim: Positive = 256

    def set_up_layers(self) -> None:
        """The submodules `looks` and `feeds`."""
        heads = lambda: self.heads.clone(parent=None, name=None, dtype=self.dtype)
        self.looks = [heads() for _ in range(self.num_layers)]
        self.feeds = [FeedForward(self.mlp_dim, self.dtype) for _ in range(self.num_layers)]

    @nn.nowrap
    def stack(self) -> list[tuple[Heads, Callable]]:
        """Heads, and the feed-forward network behind them."""
        return list(zip(self.looks, self.feeds, strict=True))
