"""A language model of torch.nn.LSTM, the table tied  -- Zaremba et al. 2014, §4.1."""

import torch
from torch import nn
from torch.nn import functional as F

from experiments.bench import generated_sentences as sentences
from experiments.bench.peers.torch_gpt import loss
from experiments.bench.peers.torch_training import updating
from experiments.bench.work import Work


class LanguageModel(nn.Module):
    """Embeddings, a stack of LSTMs, logits by the table of the embeddings."""

    def __init__(self, vocabulary, features, layers, dropout):
        super().__init__()
        self.table = nn.Embedding(vocabulary, features)
        nn.init.normal_(self.table.weight, std=features**-0.5)
        self.inner = nn.LSTM(features, features, layers, dropout=dropout, batch_first=True)
        self.drop = nn.Dropout(dropout)

    def forward(self, ids):
        """Logits [rows, length, vocabulary]."""
        states, _ = self.inner(self.drop(self.table(ids)))
        return F.linear(self.drop(states), self.table.weight)


def training(batch, vocabulary, length, features, layers, dropout) -> Work:
    """An update of the language model on windows of running text."""
    torch.manual_seed(0)
    model = LanguageModel(vocabulary, features, layers, dropout)
    return updating(model, loss, sentences.windows(batch, length, vocabulary))
