"""The tokens that an encoder with a masked-language head predicts at the masks of a text."""

import jax
import jax.numpy as jnp
import numpy as np

from data.batches.batch import pad, width_of
from models.heads.encoder_alone import EncoderAlone
from models.heads.masked_lm import MaskedLM
from train.run import Trained, require_role

MASK = "[MASK]"
WIDTHS = (16, 32, 64, 128, 256, 512)  # lines are padded to these, so that few shapes are compiled


class FillMask:
    """The likeliest pieces at each [MASK] of a line, with their probabilities.

    Of a published BERT the head that predicts them is enough, whatever else it was trained to say.
    """

    def __init__(self, trained: Trained):
        if isinstance(trained.model, EncoderAlone):
            raise ValueError(
                f"{trained.directory}: an encoder without the head that predicts masked tokens; give a BERT "
                "with one, or ask `lookback embed` for vectors"
            )
        require_role(str(trained.directory), "is to predict masked tokens", "model", trained.model, MaskedLM)
        self.trained = trained
        apply = lambda params, *given: trained.model.apply({"params": params}, *given, following=False)[0][0]
        self.predict = jax.jit(lambda *given: jax.nn.softmax(apply(*given)))

    def __call__(self, line: str, count: int, name: str = "line") -> list[list[tuple[str, float]]]:
        """A list for each [MASK] in turn; errors speak of `name`."""
        tokenizer = self.trained.tokenizer
        ids = [tokenizer.bos]
        for number, part in enumerate(tokenizer.encode(line.split(MASK))):
            ids += [tokenizer.mask] * (number > 0) + part[:-1]
        ids.append(tokenizer.eos)
        places = [place for place, index in enumerate(ids) if index == tokenizer.mask]
        if not places:
            raise ValueError(f"{name}: there is no {MASK} in {line!r}")
        longest = self.trained.task.length
        if len(ids) > longest:
            raise ValueError(
                f"{name}: {len(ids)} ids with special tokens; it was trained on at most {longest}"
            )
        inputs = pad([ids], 1, min(width_of(len(ids), WIDTHS), longest))
        shares = np.asarray(self.predict(self.trained.params, inputs, None, None, jnp.array([places])))
        best = [sorted(range(len(row)), key=lambda index: -row[index])[:count] for row in shares]
        return [
            list(zip(tokenizer.pieces(top), row[top].tolist(), strict=True))
            for row, top in zip(shares, best, strict=True)
        ]
