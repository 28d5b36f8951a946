"""A trained run or a published model from Python: `load(folder)`, and what it can answer, by a method each.

model = load("runs/translation/transformer/0")
model.translate(["The old baker sings."])
model.attention("The old baker sings.").weights      # [layers, heads, target pieces, source pieces]
"""

import functools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from data.files.outside_text import words_of
from data.tasks.classification import Classification
from data.tasks.questions import Questions
from data.tasks.translation import Translation
from models.decoding.sampling import Sample
from models.decoding.search import Search
from train.inference.embedder import Embedded, Embedder
from train.inference.generator import Generator
from train.inference.mask_filler import FillMask
from train.inference.predictor import Predictor
from train.inference.scoring import Scorer, require_probabilities
from train.inference.translator import Translator
from train.inference.word_tagger import WordTagger
from train.run import Trained, require_role
from train.weights import load as weights


class Seen(NamedTuple):
    """Where each piece looked: `weights` [L, N, T, S] of layers and heads, from `pieces` T at `over` S."""

    pieces: list[str]
    over: list[str]
    weights: Float[np.ndarray, "L N T S"]


class Loaded:
    """A trained model with its tokenizer. What it cannot be asked is a ValueError that says why."""

    def __init__(self, trained: Trained):
        self.trained = trained
        # What answers a kind of question is made, and compiled, when the first is asked.
        self._of = functools.cache(lambda kind: kind(trained))
        self._translator = functools.cache(functools.partial(Translator.of, trained))

    def __repr__(self) -> str:
        trained = self.trained
        model, corpus = type(trained.model).__name__, type(trained.task.corpus or trained.task).__name__
        return f"<{model} on {corpus}, {trained.vocabulary}, {trained.weights}: {trained.directory}>"

    def translate(self, texts: Sequence[str], search: Search = Search()) -> list[str]:
        """The best translation of each text; "" stays."""
        require_role(str(self.trained.directory), "is to translate", "task", self.trained.task, Translation)
        found = iter(self._translator(search)([text for text in texts if text.strip()]))
        return [next(found)[0].text if text.strip() else "" for text in texts]

    def generate(
        self, prompts: Sequence[str], length: int = 50, draw: Sample | None = Sample(), seed: int = 0
    ) -> list[str]:
        """What follows each prompt: at most `length` tokens, drawn, or with `draw=None` the likeliest."""
        found = self._of(Generator)(prompts, length, 1, draw, seed)
        return [texts[0] for texts in found]

    def predict(self, texts: Sequence[str | tuple[str, str]]) -> list[dict[str, float]] | list[float]:
        """{class: probability} of each text or pair, the likeliest first; or its score."""
        require_role(
            str(self.trained.directory), "is to class texts", "task", self.trained.task, Classification
        )
        pairs = [(text, None) if isinstance(text, str) else text for text in texts]
        found, labels = self._of(Predictor).texts(pairs), self.trained.task.labels
        if self.trained.task.scored:
            return [float(score) for score in found]
        ranked = [
            sorted(zip(labels, map(float, shares), strict=True), key=lambda one: -one[1]) for shares in found
        ]
        return [dict(one) for one in ranked]

    def tag(self, texts: Sequence[str]) -> list[list[tuple[str, str]]]:
        """(word, tag) of each word, words being what spaces divide."""
        words = [words_of(text) for text in texts]
        tags = self._of(WordTagger)(words)
        return [list(zip(*both, strict=True)) for both in zip(words, tags, strict=True)]

    def fill(self, text: str, count: int = 5) -> list[list[tuple[str, float]]]:
        """(piece, probability) of the `count` likeliest at each [MASK]."""
        return self._of(FillMask)(text, count)

    def surprisal(self, text: str) -> list[tuple[str, float]]:
        """(piece, -log2 p of it given those before) of each piece of a text, its end among them."""
        trained, tokenizer = self.trained, self.trained.tokenizer
        require_probabilities(trained.run, str(trained.directory))
        ids = tokenizer.stream(text, trained.task.document_end)
        losses = Scorer(trained.run, trained.model, trained.params, tokenizer.eos)(ids)
        bits = (losses / math.log(2)).tolist()
        return list(zip(tokenizer.pieces(ids.tolist()), bits, strict=True))

    def states(self, text: str) -> Embedded:
        """The pieces of a text and their states in every layer, embeddings first where it tells them."""
        return next(self._of(Embedder)([text]))

    def embed(self, texts: Sequence[str]) -> Float[np.ndarray, "B D"]:
        """A vector of each text: the mean of the last layer over its pieces, special tokens left out."""

        def vector(found: Embedded) -> np.ndarray:
            own = [place for place, (first, beyond) in enumerate(found.spans) if beyond > first]
            return found.layers[-1][own or slice(None)].mean(axis=0)

        return np.stack([vector(found) for found in self._of(Embedder)(texts)])

    def attention(self, text: str, target: str | None = None) -> Seen:
        """Where each piece looked, in every layer and head.

        Of a translator from the pieces of `target`, or of its own translation, at those of the text; of one
        that answers questions from the pieces of a context, the `target`, at those of the question; of any
        other model from the pieces of the text at one another.
        """
        trained, tokenizer = self.trained, self.trained.tokenizer
        if isinstance(trained.task, Translation):
            target = self.translate([text])[0] if target is None else target
            (ids,) = tokenizer.encode([target])
            weights, source, said = self._translator(Search()).weights(text, ids)
            return Seen(said, source, weights)
        if isinstance(trained.task, Questions) and target is not None:
            return Seen(*self._of(Embedder).asked(text, target))
        pieces, weights = self._of(Embedder).attention(text)
        return Seen(pieces, pieces, weights)


def load(folder: str | Path) -> Loaded:
    """The run of a folder, such as runs/translation/transformer/0, or a published GPT-2, BERT or ELMo.

    Published weights are a folder, as `save_pretrained` or `lookback export` writes it, or a name, "minilm".
    """
    return Loaded(weights.load(folder))
