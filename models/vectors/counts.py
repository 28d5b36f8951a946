"""How often words stand beside words and in documents: counted into sparse matrices, numpy only."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from models.ids import EOS, UNK
from models.model import Fitted


class Text(NamedTuple):
    """The words of a stream, without special tokens and UNK, and of each the number of its line."""

    words: Int[np.ndarray, "n"]
    lines: Int[np.ndarray, "n"]

    @classmethod
    def of(cls, ids: Int[np.ndarray, "m"]) -> "Text":
        """The words of a stream of ids; ValueError where there are none."""
        known = ids > UNK
        if not known.any():
            raise ValueError(f"word vectors cannot be fitted to {len(ids)} ids that are no words: give text")
        return cls(ids[known].astype(np.int32), np.cumsum(ids == EOS, dtype=np.int32)[known])


class Sparse(NamedTuple):
    """A matrix by rows: row i has `values[starts[i] : starts[i + 1]]` in these `columns`; the rest is 0."""

    starts: Int[np.ndarray, "rows+1"]
    columns: Int[np.ndarray, "n"]
    values: Float[np.ndarray, "n"]
    width: int

    @classmethod
    def summed(cls, keys: Int[np.ndarray, "m"], values: Float[np.ndarray, "m"], height: int, width: int):
        """The entries of key = row * width + column; those of one key are added up."""
        found, at = np.unique(keys, return_inverse=True)
        rows, columns = np.divmod(found, width)
        starts = np.searchsorted(rows, np.arange(height + 1))
        return cls(starts, columns.astype(np.int32), np.bincount(at, values).astype(np.float32), width)

    @property
    def height(self) -> int:
        """How many rows there are."""
        return len(self.starts) - 1

    @property
    def rows(self) -> Int[np.ndarray, "n"]:
        """The row of each entry."""
        return np.repeat(np.arange(self.height), np.diff(self.starts))

    def chosen(self, entries) -> "Sparse":
        """Only the entries where this is true."""
        starts = np.append(0, np.cumsum(entries))[self.starts]
        return self._replace(starts=starts, columns=self.columns[entries], values=self.values[entries])

    def dense(self, rows: Int[np.ndarray, "n"]) -> Float[np.ndarray, "n width"]:
        """These rows in full."""
        lengths = self.starts[rows + 1] - self.starts[rows]
        places = np.repeat(np.arange(len(rows)), lengths)
        first = np.repeat(self.starts[rows] - np.cumsum(lengths) + lengths, lengths)
        entries = first + np.arange(len(first))
        full = np.zeros((len(rows), self.width), np.float32)
        full[places, self.columns[entries]] = self.values[entries]
        return full


def beside(text: Text, size: int, weights: Float[np.ndarray, "window"]) -> Sparse:
    """X [size, size], X_ij the sum over pairs (i, j) in a line, d words apart, of weights[d - 1]; X = X^T."""
    keys, values = [], []
    for distance, weight in enumerate(weights, 1):
        together = text.lines[distance:] == text.lines[:-distance]
        left, right = text.words[:-distance][together], text.words[distance:][together]
        found, counts = np.unique(left.astype(np.int64) * size + right, return_counts=True)
        keys.append(found)
        values.append(counts * weight)
    forward, amounts = np.concatenate(keys), np.concatenate(values)
    left, right = np.divmod(forward, size)
    return Sparse.summed(np.append(forward, right * size + left), np.tile(amounts, 2), size, size)


def within(text: Text, size: int) -> Sparse:
    """X [size, documents], X_ij how often word i is in document j; a document is a line that has words."""
    documents = np.unique(text.lines, return_inverse=True)[1]
    width = int(documents[-1]) + 1
    return Sparse.summed(
        text.words.astype(np.int64) * width + documents, np.ones(len(documents)), size, width
    )


class WordVectors(Fitted):
    """A vector for each word, fitted to a stream of ids whose special tokens and UNK are left out."""

    abstract = True
    fits = ("the next token",)
    predicts = False

    def vectors(self, params: dict, ids: Int[np.ndarray, "n"]) -> Float[np.ndarray, "n D"]:
        """The rows of these words."""
        raise NotImplementedError
