"""What models that are trained for a task have in common: an encoder, and on it a head of their own."""

from typing import Any

import jax
from jaxtyping import Array, Float, Int

from models.encoders.encoder import Encoder
from models.encoders.words import WordLSTM
from models.fields import Count, kinds
from models.model import Model, Network


class OnEncoder(Network):
    """A head on an encoder. Parameters are {"encoder": ...} and the head's: encoders go from one to another.

    `encoder(inputs, segments, characters, train)` gives states [B T D]; padding is where inputs are 0. It is
    a template: `vocab_size` is the model's. A `frozen` one stays as it was given: it has no gradient and no
    dropout, and its optimizer should have no decay.
    """

    abstract = True
    vocab_size: Count = 0
    encoder: Encoder = WordLSTM()
    frozen: bool = False

    @property
    def inner(self) -> Encoder:
        """Its encoder."""
        return self.encoder

    def __post_init__(self):
        if self.encoder.vocab_size != self.vocab_size:
            self.encoder = self.encoder.clone(parent=None, name=None, vocab_size=self.vocab_size)
        super().__post_init__()

    @property
    def reads_characters(self) -> bool:
        """Whether its encoder does."""
        return self.encoder.reads_characters

    @property
    def has_heads(self) -> bool:
        """Whether its encoder has heads that can be left out."""
        return self.encoder.has_heads

    def require(self, run: Any) -> None:
        """ValueError where the task gives other targets, or does not suit the encoder."""
        self.require_targets(run)
        self.encoder.require(run)

    def require_targets(self, run: Any) -> None:
        """ValueError where the task gives targets that other heads learn and this one does not.

        Targets that no head speaks of are a user's own, and what their objective makes of them.
        """
        targets = run.task.targets
        if not self.fits or targets in self.fits or all(targets not in one.fits for one in kinds(Model)):
            return
        kind, task = type(self).__name__, type(run.task).__name__
        heads = sorted(one.__name__ for one in kinds(OnEncoder) if targets in one.fits)
        right = f"set model={' or '.join(heads)}" if heads else "set task"
        raise ValueError(
            f"model={kind} learns {' or '.join(self.fits)}, and task={task} gives {targets}: {right}"
        )

    def encoded(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None,
        characters: Int[Array, "B T W"] | None,
        train: bool,
    ) -> Float[Array, "B T D"]:
        """The states of the encoder's last layer."""
        return self.kept(self.encoder(inputs, segments, characters, train and not self.frozen))

    def all_layers(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None,
        characters: Int[Array, "B T W"] | None,
        train: bool,
    ) -> Float[Array, "L B T D"]:
        """The states of every layer of the encoder, that of the embeddings first."""
        return self.kept(self.encoder.layers(inputs, segments, characters, train and not self.frozen))

    def kept(self, states: Float[Array, "*B D"]) -> Float[Array, "*B D"]:
        """The encoder's states, without a gradient where it is frozen."""
        return jax.lax.stop_gradient(states) if self.frozen else states
