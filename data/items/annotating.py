"""What makes vectors of the places of pictures before anything is trained: the role of such a network."""

from collections.abc import Sequence

from jaxtyping import Float, UInt8
from numpy import ndarray

from data.fields import Part


class PictureNetwork(Part):
    """A network that was trained before, and stays as it is: from pictures of one size to their annotations.

    `data` cannot name one, since networks are not its business; it is given one.
    """

    abstract = True

    def digest(self) -> str:
        """What its annotations depend on, as hexadecimal digits; ValueError where its weights are missing."""
        raise NotImplementedError

    def describe(self) -> str:
        """The network as a protocol names it."""
        raise NotImplementedError

    def __call__(self, pictures: Sequence[UInt8[ndarray, "Y X 3"]]) -> Float[ndarray, "n R C D"]:
        """The annotations of R x C places of each picture."""
        raise NotImplementedError
