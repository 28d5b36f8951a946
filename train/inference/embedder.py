"""Raw text in, vectors out: what a trained encoder makes of each piece of a line, layer by layer."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from data.batches.examples import whole_batch
from data.items.example import Example
from data.items.question import Question
from data.tasks.task import Task
from data.tokenizers.tokenizer import Tokenizer
from models.encoders.on_encoder import OnEncoder
from models.language.language_model import LanguageModel
from models.model import Model
from models.vectors.counts import WordVectors
from train.inference.predictor import batched
from train.objectives.objective import read
from train.parallel import Jit, by_rows
from train.run import Trained, require_role

EMBEDDED = (OnEncoder, LanguageModel, WordVectors)  # the models that have a vector for each piece


class Embedded(NamedTuple):
    """The pieces of a line, special tokens among them, and their states in each layer.

    `spans` are the characters (first, beyond last) that each piece stands for: (0, 0) is a special token in
    front.
    """

    pieces: list[str]
    spans: list[tuple[int, int]]
    layers: Float[np.ndarray, "L T D"]


class Attended(NamedTuple):
    """The pieces of a line with their spans, as in Embedded, and where each looked at the others."""

    pieces: list[str]
    spans: list[tuple[int, int]]
    weights: Float[np.ndarray, "L N T T"]


class Embedder:
    """States of an encoder below any head, of a language model, or the vectors of words without a context.

    Layers are those of the encoder, embeddings first, if it tells them; else there is one, its states.
    """

    def __init__(self, trained: Trained):
        self.trained, model = trained, trained.model
        require_role(str(trained.directory), "is to give vectors to words", "model", model, EMBEDDED)
        self.below, self.fixed = issubclass(type(model), OnEncoder), model.fitted
        self.encoder = model.encoder if self.below else model
        params = trained.params["encoder"] if self.below else trained.params
        self.context = context_of(model)
        if not self.fixed:
            self.devices = jax.local_devices()
            self.params = jax.device_put(params, Jit().state_sharding(params, self.devices))
            self.look = by_rows(self.layers, self.devices)
            self.maps = by_rows(self.weights, self.devices)

    def __call__(self, lines: Sequence[str]) -> Iterator[Embedded]:
        """The pieces and states of each line, in their order."""
        examples = [self.reading(line) for line in lines]
        for line, example, layers in zip(lines, examples, self.states(examples), strict=True):
            yield Embedded(*self.pieces(line, example), layers[:, : len(example.inputs)])

    def reading(self, line: str) -> Example:
        """A line as the model reads it."""
        return reading(line, self.trained.task, self.trained.model, self.trained.tokenizer)

    def pieces(self, line: str, example: Example) -> tuple[list[str], list[tuple[int, int]]]:
        """The pieces of a line as it was read, and the characters each stands for."""
        tokenizer = self.trained.tokenizer
        special = [(0, 0)] * front(self.trained.model, tokenizer)
        spans = [*special, *tokenizer.spans(line)][: len(example.inputs)]
        return tokenizer.pieces(map(int, example.inputs)), spans

    def texts(self, batch: dict) -> Sequence[Array]:
        """What the encoder takes of a batch; a language model takes the ids alone."""
        return read(batch) if self.below else read(batch)[:1]

    def attention(self, line: str) -> tuple[list[str], Float[np.ndarray, "L N T T"]]:
        """The pieces of a line, and where each looked at the others, in every layer and head."""
        found = next(self.attentions([line]))
        return found.pieces, found.weights

    def asked(self, question: str, context: str) -> tuple[list[str], list[str], Float[np.ndarray, "L N T S"]]:
        """The pieces of a context, those of a question about it, and where the ones looked at the others.

        ValueError where they are more than is read at once.
        """
        task, tokenizer = self.trained.task, self.trained.tokenizer
        window, *more = task.windows([Question(context, question, ())], tokenizer)
        if more:
            raise ValueError(
                f"{context[:40]!r} .. and its question are more than task.longest={task.longest} pieces"
            )
        (weights,) = self.looks([window.example])
        over = np.arange(1, window.example.segments.index(1) - 1)  # between BOS and EOS
        own = np.flatnonzero([place is not None for place in window.places])
        pieces = tokenizer.pieces(window.example.inputs)
        spelled = ([pieces[place] for place in places] for places in (own, over))
        return *spelled, weights[..., own[:, None], over]

    def attentions(self, lines: Sequence[str], params: PyTree | None = None) -> Iterator[Attended]:
        """Where the pieces of each line looked, by these parameters of the encoder or by its own."""
        if self.fixed:
            kind = type(self.encoder).__name__
            raise ValueError(f"{kind} has no attention to show: its vectors know no context")
        examples = [self.reading(line) for line in lines]
        for line, example, weights in zip(lines, examples, self.looks(examples, params), strict=True):
            yield Attended(*self.pieces(line, example), weights)

    def looks(
        self, examples: Sequence[Example], params: PyTree | None = None
    ) -> list[Float[np.ndarray, "L N T T"]]:
        """Where the inputs of each example looked, by these parameters of the encoder or by its own."""
        params = self.params if params is None else params
        found = {}
        for members, batch in batched(examples, self.context):
            maps = jax.device_get(self.maps(params, Jit().put_rows(batch, 0, self.devices)))
            for number, own in zip(members, maps, strict=False):  # rows beyond are empty
                count = len(examples[number].inputs)
                found[number] = own[..., :count, :count].copy()  # else the whole batch is kept
        return [found[number] for number in range(len(examples))]

    def drawn(self, seed: int) -> PyTree:
        """Random parameters of the encoder, as a training from this seed might begin with."""
        batch = whole_batch([self.reading("a")])
        return jax.jit(self.encoder.init)(jax.random.key(seed), *self.texts(batch))["params"]

    def states(self, examples: Sequence[Example]) -> list[Float[np.ndarray, "L T D"]]:
        """The states of each example, as wide as its batch was."""
        if self.fixed:
            ids = np.concatenate([np.array(one.inputs, int) for one in examples])
            vectors = np.asarray(self.encoder.vectors(self.trained.params, ids), np.float32)
            ends = np.cumsum([len(one.inputs) for one in examples])
            return [own[None] for own in np.split(vectors, ends[:-1])]
        found = {}
        for members, batch in batched(examples, self.context):
            layers = jax.device_get(self.look(self.params, Jit().put_rows(batch, 0, self.devices)))
            found |= dict(zip(members, layers.astype(np.float32), strict=False))  # rows beyond are empty
        return [found[i] for i in range(len(examples))]

    def layers(self, params, batch: dict) -> Float[Array, "B L T D"]:
        """The states of a batch, layer by layer; ValueError for an encoder with several states a piece."""
        several = self.encoder.layered
        method = "layers" if several else "__call__" if self.below else "states"
        states = self.encoder.apply({"params": params}, *self.texts(batch), method=method)
        if not isinstance(states, jax.Array):
            raise ValueError(f"{type(self.encoder).__name__}: a piece has more than one state")
        return jnp.moveaxis(states, 0, 1) if several else states[:, None]

    def weights(self, params: PyTree, batch: dict) -> Float[Array, "B L N T T"]:
        """Where the pieces of a batch looked; ValueError for an encoder that looks nowhere."""
        maps, _ = self.encoder.apply(
            {"params": params}, *self.texts(batch), method="attention", mutable=["intermediates"]
        )
        return maps


def context_of(model: Model) -> int | None:
    """How many pieces there is room for below any head, None where that does not matter."""
    if model.fitted:
        return None
    return model.encoder.context if isinstance(model, OnEncoder) else model.context


def front(model: Model, tokenizer: Tokenizer) -> int:
    """How many special tokens stand before a line's first piece."""
    return int(isinstance(model, OnEncoder) or not (model.fitted or tokenizer.spells_newline))


def reading(line: str, task: Task, model: Model, tokenizer: Tokenizer) -> Example:
    """A line as the task has texts read; language models and fixed vectors read no end of it.

    ValueError where it is longer than there is room for.
    """
    example, below, context = (
        task.example_of(line, tokenizer),
        isinstance(model, OnEncoder),
        context_of(model),
    )
    if example is None:
        (ids,) = tokenizer.encode([line])
        special = tokenizer.bos if below else tokenizer.eos
        example = Example([special] * front(model, tokenizer) + ids[: None if below else -1], 0)
    if context and len(example.inputs) > context:
        raise ValueError(
            f"{line[:40]!r} .. is {len(example.inputs)} pieces long; there is room for {context}"
        )
    return example
