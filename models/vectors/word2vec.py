"""word2vec with negative sampling, a text's words in chunks that are scored by matrix products.

The sequential original draws `negatives` words of noise for each pair of words, and moves a few rows of two
tables at a time. Here some chunks of `length` words that follow on one another make a step. The words of a
chunk are scored against all of it and its surroundings, where pairs outside a window weigh 0, and against
`noise` words drawn for the chunk, which weigh as much together as the original's. So what is expected of the
gradient is the original's, and each row is read and written once a step for each place in the text.

What a step does to one row adds up, each pair at the full rate. Where a word stands too often in a step, its
row overshoots, and all diverges: on WikiText-2 at 2048 words a step, of which the commonest is 27. Hence
`leap`: a step has so many words that rate * (how often the commonest stands among them) is that on average.
"""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from models.fields import Amount, Count, Part, Positive, Rate
from models.vectors.counts import Text, WordVectors

Params = dict[str, np.ndarray]
Tables = dict[str, Float[Array, "V D"]]  # the rows of words as inputs, and as outputs
TABLE = 1 << 24  # rows of the table that noise is drawn from


class Contexts(Part):
    """Which words a window shows together, and what is predicted from what."""

    abstract = True

    def loss(
        self,
        near: Float[Array, "G T S"],
        inputs: Float[Array, "G S D"],
        outputs: Float[Array, "G S D"],
        noise: Float[Array, "G K D"],
        weight: float,
    ) -> Float[Array, ""]:
        """The sum of losses of G chunks of T words, in nats.

        `near` is 1 where the word at s is in the window of t; rows are those of the input and of the output
        side of S words, the chunk and its surroundings, and of K words of noise.
        """
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class SkipGram(Contexts):
    """A word predicts each word around it  -- Mikolov et al. 2013b, eq. 4.

    The pair (t, s) costs -log sigma(v_t . u_s), each word n of noise `weight` * -log sigma(-v_t . u_n).
    """

    def loss(
        self,
        near: Float[Array, "G T S"],
        inputs: Float[Array, "G S D"],
        outputs: Float[Array, "G S D"],
        noise: Float[Array, "G K D"],
        weight: float,
    ) -> Float[Array, ""]:
        """-sum near log sigma(v_t . u_s), and of noise as often as there are pairs."""
        centres = middle(inputs, near)
        found = jnp.einsum("GTD,GSD->GTS", centres, outputs)
        drawn = jnp.einsum("GTD,GKD->GTK", centres, noise)
        pairs = near.sum(-1)
        amiss = pairs * jax.nn.softplus(drawn).sum(-1)
        return (near * jax.nn.softplus(-found)).sum() + weight * amiss.sum()


@dataclasses.dataclass(frozen=True)
class CBOW(Contexts):
    """The mean of the words around a word predicts it  -- Mikolov et al. 2013a, §3.1.

    The gradient is that of the mean: word2vec.c adds it to each word undivided -- Irsoy et al. 2021.
    """

    def loss(
        self,
        near: Float[Array, "G T S"],
        inputs: Float[Array, "G S D"],
        outputs: Float[Array, "G S D"],
        noise: Float[Array, "G K D"],
        weight: float,
    ) -> Float[Array, ""]:
        """-sum log sigma(mean . u_t) over the words that have others around them, and of noise."""
        count = near.sum(-1)
        around = jnp.einsum("GTS,GSD->GTD", near, inputs) / jnp.maximum(count, 1)[..., None]
        found = jnp.einsum("GTD,GTD->GT", around, middle(outputs, near))
        drawn = jnp.einsum("GTD,GKD->GTK", around, noise)
        terms = jax.nn.softplus(-found) + weight * jax.nn.softplus(drawn).sum(-1)
        return jnp.where(count > 0, terms, 0).sum()


def middle(rows: Float[Array, "G S D"], near: Float[Array, "G T S"]) -> Float[Array, "G T D"]:
    """Those of the chunk itself, without its surroundings."""
    margin = (near.shape[2] - near.shape[1]) // 2
    return rows[:, margin : margin + near.shape[1]]


@dataclasses.dataclass(frozen=True)
class Word2Vec(WordVectors):
    """Vectors that tell a word's surroundings from noise  -- Mikolov et al. 2013a and b, word2vec.c.

    Words of frequency f have probability min(1, (sqrt(f / sample) + 1) sample / f) to be kept; windows reach
    over what is left out; a window's half width is drawn from 1 .. window for each word; noise is drawn by
    count^0.75; the rate falls on a line to 1e-4 of what it was. The vectors are those of the input side.
    """

    vocab_size: Count = 0
    architecture: Contexts = SkipGram()
    features: Positive = 100
    window: Positive = 5
    negatives: Positive = 5
    sample: Rate = 1e-3
    smoothing: Amount = 0.75
    rate: Rate = 0.025
    epochs: Positive = 5
    length: Positive = 32
    noise: Positive = 32
    leap: Rate = 0.1

    def fit(self, ids: Int[np.ndarray, "n"], seed: int = 0) -> Params:
        """{"inputs", "outputs"} [V, D] after `epochs` passes; ValueError where they diverged."""
        text, draw, key = Text.of(ids), np.random.default_rng(seed), jax.random.key(seed)
        counts = np.bincount(text.words, minlength=self.vocab_size)
        probabilities, noise = self.kept(counts), jnp.asarray(self.noise_table(counts))
        tables, (chunks, length) = self.init(key), self.shape(counts * probabilities)
        capacity = -(-len(text.words) // (chunks * length)), chunks, length
        for epoch in range(self.epochs):
            kept = draw.random(len(text.words)) < probabilities[text.words]
            laid_out = self.laid_out(Text(text.words[kept], text.lines[kept]), capacity, draw)
            progress = np.float32(epoch), jax.random.fold_in(key, epoch)
            tables = passed(self, length, tables, noise, *laid_out, *progress)
        params = jax.device_get(tables)
        if not np.isfinite(params["outputs"]).all():
            raise ValueError(f"Word2Vec diverged: lower rate={self.rate} or leap={self.leap}")
        return params

    def vectors(self, params: Params, ids: Int[np.ndarray, "n"]) -> Float[np.ndarray, "n D"]:
        """The rows of the input side."""
        return params["inputs"][ids]

    def init(self, key: Array) -> Tables:
        """Inputs from (-0.5, 0.5) / D, outputs 0, as in word2vec.c."""
        shape = (self.vocab_size, self.features)
        bound = 0.5 / self.features
        return {
            "inputs": jax.random.uniform(key, shape, minval=-bound, maxval=bound),
            "outputs": jnp.zeros(shape),
        }

    def kept(self, counts: Int[np.ndarray, "V"]) -> Float[np.ndarray, "V"]:
        """The probability of each word to be kept."""
        share = np.maximum(counts, 1) / counts.sum() / self.sample
        return np.minimum(1, (np.sqrt(share) + 1) / share)

    def noise_table(self, counts: Int[np.ndarray, "V"]) -> Int[np.ndarray, "m"]:
        """Words as often as they are noise: one drawn from here has the probabilities wanted."""
        ends = np.cumsum(counts**self.smoothing)
        places = np.diff(np.round(TABLE * ends / ends[-1]).astype(int), prepend=0)
        return np.repeat(np.arange(len(counts), dtype=np.int32), places)

    def shape(self, kept: Float[np.ndarray, "V"]) -> tuple[int, int]:
        """(chunks of a step, words of a chunk), by how often each word is kept."""
        words = self.leap / self.rate * kept.sum() / kept.max()
        length = max(1, min(self.length, int(words)))
        return max(1, int(words / length)), length

    def laid_out(
        self, text: Text, shape: tuple[int, int, int], draw
    ) -> tuple[Text, Int[np.ndarray, "n G"], int]:
        """The text with margins, its chunks' beginnings in random order, and how many steps they make.

        All is as long as `shape` says, (steps, chunks, words) where no word is left out, so that it is
        compiled once. Beyond the text's end is line -1, which holds no words.
        """
        steps, chunks, length = shape
        margins = self.window, steps * chunks * length + self.window - len(text.words)
        padded = Text(np.pad(text.words, margins), np.pad(text.lines, margins, constant_values=-1))
        full = -(-len(text.words) // length)
        order = np.arange(steps * chunks, dtype=np.int32)
        order[:full] = draw.permutation(full)
        return padded, length * order.reshape(steps, chunks), -(-full // chunks)


@functools.partial(jax.jit, static_argnums=(0, 1), donate_argnums=2)
def passed(
    model: Word2Vec,
    length: int,
    tables: Tables,
    noise,
    text: Text,
    starts: Int[Array, "n G"],
    steps,
    epoch,
    key,
) -> Tables:
    """The tables after one pass over a text that is laid out."""
    margin = model.window

    def step(number, tables):
        at = starts[number][:, None] + jnp.arange(length + 2 * margin)
        words, lines = text.words[at], text.lines[at]
        reach_key, noise_key = jax.random.split(jax.random.fold_in(key, number))
        reach = jax.random.randint(reach_key, (len(at), length, 1), 1, margin + 1)
        draws = jax.random.randint(noise_key, (len(at), model.noise), 0, len(noise))
        rate = model.rate * jnp.maximum(1 - (epoch + number / steps) / model.epochs, 1e-4)
        return updated(model, tables, words, around(lines, reach, margin), noise[draws], rate)

    return jax.lax.fori_loop(0, steps, step, tables)


def around(lines: Int[Array, "G S"], reach: Int[Array, "G T 1"], margin: int) -> Float[Array, "G T S"]:
    """1 where a word is within reach of another's window and in its line."""
    length = reach.shape[1]
    centre = jnp.arange(margin, margin + length)
    distance = jnp.abs(centre[:, None] - jnp.arange(lines.shape[1]))
    own = lines[:, centre][..., None]
    return ((distance > 0) & (distance <= reach) & (own == lines[:, None]) & (own >= 0)).astype(jnp.float32)


def updated(model: Word2Vec, tables: Tables, words, near, noise, rate) -> Tables:
    """One step downhill."""
    weight = model.negatives / noise.shape[1]
    rows = tables["inputs"][words], tables["outputs"][words], tables["outputs"][noise]
    loss = functools.partial(model.architecture.loss, near, weight=weight)
    inputs, outputs, drawn = jax.grad(loss, (0, 1, 2))(*rows)
    beside, moved = jnp.concatenate([words, noise], 1), jnp.concatenate([outputs, drawn], 1)
    return {
        "inputs": tables["inputs"].at[words].add(-rate * inputs),
        "outputs": tables["outputs"].at[beside].add(-rate * moved),
    }
