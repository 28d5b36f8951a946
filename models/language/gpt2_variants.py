"""GPT-2 without what one part of it is for, and GPT-2 that sees only so far."""

from typing import ClassVar

from models.attention.block import Residual, WithoutNorm, WithoutResidual
from models.fields import Positive
from models.language.gpt2 import GPT2


class LocalGPT2(GPT2):
    """GPT2 whose layers each see the last `window` words alone, the query's own among them.

    The restricted attention of Vaswani et al. 2017, table 1: L layers reach 1 + L (window - 1) words.
    """

    window: Positive = 16


class UnnormedGPT2(GPT2):
    """GPT2 without layer norms (Ba et al. 2016), neither in its blocks nor at their end."""

    residual: ClassVar[type[Residual]] = WithoutNorm
    normed: ClassVar[bool] = False


class UnshortenedGPT2(GPT2):
    """GPT2 without residuals (He et al. 2016): a block's states are those of its last sublayer alone."""

    residual: ClassVar[type[Residual]] = WithoutResidual
