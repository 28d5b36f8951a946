"""An encoder by itself, where a model on one is asked for: its states, and no head."""

from jaxtyping import Array, Float, Int

from models.encoders.on_encoder import OnEncoder


class EncoderAlone(OnEncoder):
    """h_1 .. h_T of the encoder's last layer as they are: what a published encoder without a head can say."""

    abstract = True  # nothing is trained by it, so no user's to set

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B T D"]:
        """The state of each input."""
        return self.encoded(inputs, segments, characters, train)
