"""GPT-2 of torch.nn parts: pre-LN blocks, gelu in its tanh form, the table tied  -- Radford et al. 2019."""

import torch
from torch import nn
from torch.nn import functional as F

from experiments.bench import generated_sentences as sentences
from experiments.bench.peers.torch_training import updating
from experiments.bench.work import Work


class Block(nn.Module):
    """x + Attention(LN x), then x + MLP(LN x)."""

    def __init__(self, features: int, heads: int, dropout: float):
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(features), nn.LayerNorm(features)
        self.qkv, self.out = nn.Linear(features, 3 * features), nn.Linear(features, features)
        self.widen, self.narrow = nn.Linear(features, 4 * features), nn.Linear(4 * features, features)
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        """[rows, length, features] to the same."""
        rows, length, features = x.shape
        split = lambda y: y.view(rows, length, self.heads, features // self.heads).transpose(1, 2)
        q, k, v = map(split, self.qkv(self.first(x)).split(features, dim=2))
        # No dropout of the weights, as ours has none: with it PyTorch's CPU leaves its fused kernel.
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.drop(self.out(seen.transpose(1, 2).reshape(x.shape)))
        return x + self.drop(self.narrow(F.gelu(self.widen(self.second(x)), approximate="tanh")))


class GPT(nn.Module):
    """Embeddings of words and positions, blocks, a norm, and logits by the table of the words."""

    def __init__(self, vocabulary: int, context: int, features: int, heads: int, layers: int, dropout: float):
        super().__init__()
        self.table, self.places = nn.Embedding(vocabulary, features), nn.Embedding(context, features)
        self.blocks = nn.Sequential(*(Block(features, heads, dropout) for _ in range(layers)))
        self.norm, self.drop = nn.LayerNorm(features), nn.Dropout(dropout)
        nn.init.normal_(self.table.weight, std=0.02)

    def forward(self, ids):
        """Logits [rows, length, vocabulary]."""
        places = self.places.weight[: ids.shape[1]]
        x = self.blocks(self.drop(self.table(ids) + places))
        return F.linear(self.norm(x), self.table.weight)


def loss(model, inputs, targets):
    """Mean cross-entropy in nats a token."""
    return F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())


def training(
    batch, vocabulary, context, features, heads, layers, dropout, dtype="float32", compiled=False
) -> Work:
    """An update of a GPT on windows of running text."""
    torch.manual_seed(0)
    model = GPT(vocabulary, context, features, heads, layers, dropout)
    return updating(model, loss, sentences.windows(batch, context, vocabulary), compiled, dtype)
