"""One class, or one score, of several texts: each is read by itself, and their vectors are pooled."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from models.fields import Positive
from models.heads.classifier import Classifier
from models.heads.pooling import Mean, Pooling
from models.ids import PAD


class GroupClassifier(Classifier):
    """W g + b, g the vectors p_1 .. p_R of a group's texts pooled by `over`, p_r as in `Classifier`.

    Two levels, as of sentences and the document that they make up  -- Yang et al. 2016, §2.2, where a second
    encoder reads the p_r in their order; here texts have none. Segments number the texts, of which there are
    at most `texts`, of at most `width` inputs each. With over=Mean() and no hidden layer what is said of a
    group is the mean of what is said of its texts.
    """

    over: Pooling = Mean()
    texts: Positive = 8
    width: Positive = 48

    @property
    def attends(self) -> bool:
        """Its weights are of one text each: none of all inputs."""
        return False

    def require(self, run: Any) -> None:
        """And ValueError where the task has no groups, or larger ones."""
        super().require(run)
        if not run.task.grouped:
            task = type(run.task).__name__
            raise ValueError(
                f"model=GroupClassifier reads groups of texts, and task={task} gives none: set task, or "
                "model=Classifier()"
            )
        for field, limit, given in (
            ("texts", self.texts, run.task.texts),
            ("width", self.width, run.task.each),
        ):
            if limit < given:
                raise ValueError(f"model.{field}={limit} does not hold a group of the task: set {given}")

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B *C"]:
        """Logits [B C], or scores [B] where `classes` is 1, in float32."""
        texts = self.apart(inputs, jnp.zeros_like(inputs) if segments is None else segments)
        rows = texts.reshape(-1, self.width)
        vectors = self.pooling(self.encoded(rows, None, None, train), rows != PAD)
        vectors = vectors.reshape(*texts.shape[:2], -1)
        return self.classed(self.over(vectors, (texts != PAD).any(axis=-1)), train)

    def apart(self, inputs: Int[Array, "B T"], segments: Int[Array, "B T"]) -> Int[Array, "B R W"]:
        """Each text in a row of its own, from its beginning, PAD behind it."""
        within = segments[:, None] == jnp.arange(self.texts)[:, None]  # [B R T]
        within &= (inputs != PAD)[:, None]
        place = jnp.cumsum(within, axis=-1) - 1
        at = within[..., None] & (place[..., None] == jnp.arange(self.width))
        return jnp.einsum("BT,BRTW->BRW", inputs, at.astype(inputs.dtype))
