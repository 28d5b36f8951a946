"""torch.nn.Transformer between one joint table and sinusoidal positions  -- Vaswani et al. 2017, §3."""

import torch
from torch import nn
from torch.nn import functional as F

from experiments.bench import generated_sentences as sentences
from experiments.bench.peers.torch_training import updating
from experiments.bench.work import Work


class Translator(nn.Module):
    """An encoder-decoder with sinusoidal positions and one table for all words."""

    def __init__(self, vocabulary, length, features, hidden, heads, layers, dropout):
        super().__init__()
        self.table = nn.Embedding(vocabulary, features)
        nn.init.normal_(self.table.weight, std=features**-0.5)
        self.inner = nn.Transformer(
            features, heads, layers, layers, hidden, dropout, activation="relu", batch_first=True
        )
        self.drop = nn.Dropout(dropout)
        angles = torch.arange(length)[:, None] * 10000.0 ** (-torch.arange(0, features, 2) / features)
        self.register_buffer("waves", torch.cat([angles.sin(), angles.cos()], dim=1))
        self.register_buffer("future", nn.Transformer.generate_square_subsequent_mask(length))

    def embed(self, ids):
        """Scaled embeddings plus positions."""
        scaled = self.table(ids) * self.table.embedding_dim**0.5
        return self.drop(scaled + self.waves[: ids.shape[1]])

    def forward(self, source, inputs):
        """Logits [rows, length, vocabulary] of each target word."""
        padding = source == sentences.PAD
        # Padding of the target stands behind all words: the causal mask hides it, and alone it is cheaper.
        states = self.inner(
            self.embed(source), self.embed(inputs), tgt_mask=self.future, tgt_is_causal=True,
            src_key_padding_mask=padding, memory_key_padding_mask=padding,
        )  # fmt: skip
        return F.linear(states, self.table.weight)


def loss(model, source, inputs, targets):
    """Mean cross-entropy over words, smoothed by 0.1."""
    logits = model(source, inputs).flatten(0, 1)
    return F.cross_entropy(logits, targets.flatten(), ignore_index=sentences.PAD, label_smoothing=0.1)


def training(batch, length, vocabulary, features, hidden, heads, layers, dropout) -> Work:
    """An update of the translator on pairs of sentences."""
    torch.manual_seed(0)
    model = Translator(vocabulary, length, features, hidden, heads, layers, dropout)
    return updating(model, loss, sentences.pairs(batch, length, vocabulary))
