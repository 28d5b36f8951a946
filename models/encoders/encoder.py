"""What an encoder is to the heads on it: from ids to a state for each of them."""

from typing import Any, ClassVar

from jaxtyping import Array, Float, Int

from models.model import Network


class Encoder(Network):
    """h_1 .. h_T of ids x_1 .. x_T; padding is where ids are 0, and changes no state of another.

    In a head it is a template: `vocab_size` is the head's. `segments` and `characters` are there for those
    that look at them.
    """

    abstract = True
    layered: ClassVar[bool] = False  # whether `layers` gives more than the last one
    num_layers = 0  # those above the embeddings: a field where there are any
    attends: ClassVar[bool] = False  # whether `attention` tells where its heads look
    reads_characters = False  # whether it needs `characters`: a property where that depends on its parts

    @property
    def layer_count(self) -> int:
        """How many states of each input `layers` gives, that of the embeddings among them."""
        return self.num_layers + 1 if self.layered else 1

    def require(self, run: Any) -> None:
        """ValueError where inputs may be longer than `context`, or where characters are missing."""
        super().require(run)
        self.require_characters(run)

    def require_characters(self, run: Any) -> None:
        """ValueError where the encoder reads characters and the task gives none."""
        if self.reads_characters and not run.task.characters:
            raise ValueError(
                f"{type(self).__name__} reads the characters of words, and task={type(run.task).__name__} "
                "gives none: set task.characters=True"
            )

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B T D"]:
        """The state of each input."""
        raise NotImplementedError

    def layers(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "L B T D"]:
        """The states of every layer, that of the embeddings first; one layer where there are no more."""
        return self(inputs, segments, characters, train)[None]

    def attention(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
    ) -> Float[Array, "B L N T T"]:
        """Weights of each layer and head; apply with `mutable=["intermediates"]`."""
        self(inputs, segments, characters)
        return self.attended()

    def attended(self) -> Float[Array, "B L N T T"]:
        """What the call before has sown, in a method applied with `mutable=["intermediates"]`."""
        raise ValueError(f"{type(self).__name__} has no attention to show; BERT has")

    def embeddings(self) -> Float[Array, "V D"]:
        """The table that ids are looked up in, for a head that predicts ids by it."""
        raise ValueError(f"{type(self).__name__} has no table of embeddings to predict pieces by; BERT has")
