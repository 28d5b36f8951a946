"""ELMo: words read by their characters, then by language models in both directions  -- Peters et al. 2018.

As allenai/bilm-tf computes it, so that published weights give the published activations.
"""

from typing import Literal

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models.encoders.encoder import Encoder
from models.fields import Count, Dtype, Positive, Rate, Share
from models.ids import PAD
from models.layers.dense import Dense
from models.layers.dropout import Dropout
from models.layers.spelling import FILL, IDS

PUBLISHED = ((1, 32), (2, 32), (3, 64), (4, 128), (5, 256), (6, 512), (7, 1024))  # (width, how many)


Carry = tuple[tuple[tuple[Array, Array], ...], ...]  # of each direction and layer (c, h)


ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh}


def uniform_to_one(key, shape: tuple[int, ...], dtype=jnp.float32) -> Float[Array, "..."]:
    """Initial values from (-1, 1), all as likely."""
    return jax.random.uniform(key, shape, dtype, -1.0, 1.0)


class CharacterCNN(nn.Module):
    """A word from its characters c_1 .. c_W  -- Kim et al. 2016, §2.1-2.2; sizes of Jozefowicz et al. 2016.

    m_k = f(max_i (b_k + sum_(j < width_k) K_kj E[c_(i+j)])), the filters of all widths side by side
    y   = g * relu(W m + b) + (1 - g) * m, g = sigma(W_g m + b_g), a highway, so many times
    x   = W_x y + b_x

    Filters run over what fills a word up too, `longest` places in all. Places of nothing else are all alike,
    so that one of them does: however narrow the ids come, a word is what it is in `longest`.
    """

    features: int = 512
    filters: tuple[tuple[int, int], ...] = PUBLISHED
    character_dim: int = 16
    highways: int = 2
    activation: str = "relu"
    longest: int = 50
    dtype: str = "float32"

    def setup(self):
        """Submodules and parameters: `table`, `convolutions`, `gates`, `transforms` and `projection`."""
        self.table = self.param("table", uniform_to_one, (IDS, self.character_dim))
        self.convolutions = [
            nn.Conv(count, (width,), padding="VALID", dtype=self.dtype) for width, count in self.filters
        ]
        width = sum(count for _, count in self.filters)
        # At first a highway lets most of the word through: sigma(-2) = 0.12.
        closed = nn.initializers.constant(-2.0)
        self.gates = [Dense(width, bias_init=closed, dtype=self.dtype) for _ in range(self.highways)]
        self.transforms = [Dense(width, dtype=self.dtype) for _ in range(self.highways)]
        self.projection = Dense(self.features, dtype=self.dtype)

    def __call__(self, characters: Int[Array, "*B W"]) -> Float[Array, "*B D"]:
        """The vector of each word."""
        *rows, width = characters.shape
        room = max(min(self.longest - width, max(width for width, _ in self.filters)), 0)
        ids = jnp.pad(characters.reshape(-1, width), [(0, 0), (0, room)], constant_values=FILL)
        spelled = jnp.asarray(self.table, self.dtype)[ids]
        found = [convolution(spelled).max(axis=1) for convolution in self.convolutions]
        word = ACTIVATIONS[self.activation](jnp.concatenate(found, axis=-1))
        for gate, transform in zip(self.gates, self.transforms, strict=True):
            carried = jax.nn.sigmoid(gate(word))
            word = carried * jax.nn.relu(transform(word)) + (1.0 - carried) * word
        return self.projection(word).reshape(*rows, self.features)


class ProjectedLSTM(nn.Module):
    """An LSTM whose h is a narrower projection of its cells  -- Sak et al. 2014, without their peepholes.

    i, j, f, o = W_x x + W_h h + b
    c' = clip(sigma(f + 1) * c + sigma(i) * tanh(j))
    h' = clip(W_p (sigma(o) * tanh(c')))

    The gates lie in the order of TensorFlow's LSTMCell and the 1 of the forget gate is no part of b; values
    are clipped to +-`cell_clip` and +-`projection_clip`. The carry is (c, h). At padding it waits, and the
    output is 0.
    """

    cells: int = 4096
    features: int = 512
    cell_clip: float | None = 3.0
    projection_clip: float | None = 3.0
    reverse: bool = False
    dtype: str = "float32"

    @nn.compact
    def __call__(
        self, x: Float[Array, "B T D"], mask: Bool[Array, "B T"], carry: tuple[Array, Array]
    ) -> tuple[tuple[Array, Array], Float[Array, "B T P"]]:
        """The final (c, h), and h of each input."""
        of_input = Dense(4 * self.cells, dtype=self.dtype, name="input")(x)
        draw = nn.initializers.glorot_uniform()
        recurrent = self.param("recurrent", draw, (self.features, 4 * self.cells)).astype(self.dtype)
        projection = self.param("projection", draw, (self.cells, self.features)).astype(self.dtype)

        def body(before, inputs):
            (c, h), (of_input, real) = before, inputs
            write, new, forget, read = jnp.split(of_input + h @ recurrent, 4, axis=-1)
            c = jax.nn.sigmoid(forget + 1.0) * c + jax.nn.sigmoid(write) * jnp.tanh(new)
            c = clipped(c, self.cell_clip)
            h = clipped((jax.nn.sigmoid(read) * jnp.tanh(c)) @ projection, self.projection_clip)
            after = jax.tree.map(lambda new, old: jnp.where(real, new, old), (c, h), before)
            return after, jnp.where(real, h, 0)

        along = of_input.swapaxes(0, 1), mask.T[..., None]
        carry, out = jax.lax.scan(body, carry, along, reverse=self.reverse)
        return carry, out.swapaxes(0, 1)


def clipped(x: Float[Array, "..."], most: float | None) -> Float[Array, "..."]:
    """x within +-most, or as it is where that is None."""
    return x if most is None else jnp.clip(x, -most, most)


class ELMo(Encoder):
    """h_0 = [x; x] from the characters alone, h_l = [forward_l; backward_l]  -- Peters et al. 2018, §3.2.

    Each direction is a stack of its own over the same x. From the second layer on a layer's input is added
    to its output, though not to the h that it goes on with itself (`skip`). The published sizes are those of
    the class; a model reads `characters`, and of `inputs` only where they are padding.

    Parameters are float32; `dtype` is what is computed in.
    """

    layered = True
    reads_characters = True
    vocab_size: Count = 0
    features: Positive = 512
    cells: Positive = 4096
    num_layers: Positive = 2
    filters: tuple[tuple[Positive, Positive], ...] = PUBLISHED
    character_dim: Positive = 16
    highways: Count = 2
    activation: Literal["relu", "tanh"] = "relu"
    longest: Positive = 50
    cell_clip: Rate | None = 3.0
    projection_clip: Rate | None = 3.0
    skip: bool = True
    dropout: Share = 0.1
    dtype: Dtype = "float32"

    def __post_init__(self):
        super().__post_init__()
        if not self.filters or any(len(one) != 2 for one in self.filters):
            raise ValueError(f"ELMo.filters={self.filters} must be pairs of a width and how many")
        if (widest := max(width for width, _ in self.filters)) > self.longest:
            raise ValueError(f"ELMo.filters: width {widest} is more than a word has, longest={self.longest}")

    def setup(self):
        """Submodules and parameters: `words`, `forward`, `backward` and `drop`."""
        self.words = CharacterCNN(
            self.features, self.filters, self.character_dim, self.highways, self.activation, self.longest,
            self.dtype,
        )  # fmt: skip
        sizes = self.cells, self.features, self.cell_clip, self.projection_clip
        self.forward, self.backward = (
            [ProjectedLSTM(*sizes, reverse, self.dtype) for _ in range(self.num_layers)]
            for reverse in (False, True)
        )
        self.drop = Dropout(self.dropout)

    def start(self, batch: int) -> Carry:
        """The first (c, h) of each direction and layer: zeros."""
        cell = jnp.zeros((batch, self.cells), self.dtype), jnp.zeros((batch, self.features), self.dtype)
        return ((cell,) * self.num_layers,) * 2

    def read(
        self, carry: Carry, inputs: Int[Array, "B T"], characters: Int[Array, "B T W"], train: bool = False
    ) -> tuple[Carry, Float[Array, "L B T D"]]:
        """(the carry to go on from, all layers with that of words first), each [forward; backward].

        The backward layers go on from the beginning of what was read before, as bilm-tf's do.
        """
        mask = inputs != PAD
        words = jnp.where(mask[..., None], self.words(characters), 0)
        carries, directions = [], []
        for layers, before in zip((self.forward, self.backward), carry, strict=True):
            x, after, states = words, [], [words]
            for level, layer in enumerate(layers):
                x = self.drop(x, train)
                state, out = layer(x, mask, before[level])
                x = x + out if self.skip and level else out
                after.append(state)
                states.append(x)
            carries.append(tuple(after))
            directions.append(jnp.stack(states))
        return tuple(carries), jnp.concatenate(directions, axis=-1)

    def layers(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "L B T D"]:
        """h_0 .. h_L of sentences, each read from its own beginning and end; zeros at padding."""
        return self.read(self.start(len(inputs)), inputs, characters, train)[1]

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B T D"]:
        """The last layer alone; models/layers/scalar_mix.py has the mixture that a task learns."""
        return self.layers(inputs, segments, characters, train)[-1]
