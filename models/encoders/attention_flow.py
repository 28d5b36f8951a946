"""BiDAF: a text attends to a question about it, and the question to the text  -- Seo et al. 2017."""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from models.attention.scores import Score, Trilinear, attend
from models.encoders.encoder import Encoder
from models.encoders.on_encoder import OnEncoder
from models.encoders.words import WordLSTM
from models.fields import Positive, Share
from models.ids import BOS, EOS, PAD
from models.layers.dropout import Dropout
from models.layers.recurrent import LSTM, Cell, Stack, fresh, require_template


class AttentionFlow(OnEncoder, Encoder):
    """[h_t; u~_t; h_t * u~_t; h_t * h~], read by recurrent layers in both directions  -- Seo et al. 2017, §2.

    h are the states of `encoder`, u those of the question's words among them, S_tj = score(h_t, u_j).
    u~_t = sum_j softmax_j(S_tj) u_j        what each input asks of the question: context to question, eq. 2
    h~   = sum_t softmax_t(max_j S_tj) h_t  what of the context the question asks: question to context, eq. 3

    The question is segment 0 and the context is segment 1; special tokens are in neither. Of a text by itself
    each input looks at all its words, and h~ is 0. With `question_to_context` false h * h~ is left out.
    Dropout falls on what the layers read and on what they give; `features` are those of one direction.

    In the paper the encoder reads question and context apart, the context alone looks and is read on, and
    the answer's beginning is told from [g; m] of what the layers read and gave. Here, as a span finder has
    them, both are one sequence, all of which looks and is read on, and its head sees m alone.
    """

    attends = True
    encoder: Encoder = WordLSTM()
    score: Score = Trilinear()
    question_to_context: bool = True
    features: Positive = 100
    num_layers: Positive = 1
    dropout: Share = 0.0
    cell: Cell = LSTM()

    def __post_init__(self):
        super().__post_init__()
        require_template("AttentionFlow", self.cell, self.features)

    @property
    def context(self) -> int | None:
        """How many inputs its encoder can read."""
        return self.encoder.context

    def setup(self):
        """Submodules and parameters: `similarity`, `stack` and `drop`."""
        self.similarity = self.score.clone(parent=None, name=None)
        self.stack = Stack(fresh(self.cell, features=self.features), self.num_layers, True, self.dropout)
        self.drop = Dropout(self.dropout)

    def __call__(
        self,
        inputs: Int[Array, "B T"],
        segments: Int[Array, "B T"] | None = None,
        characters: Int[Array, "B T W"] | None = None,
        train: bool = False,
    ) -> Float[Array, "B T M"]:
        """m_t of the last layer, 0 at padding; M is `features` in each direction."""
        states = self.encoded(inputs, segments, characters, train)
        real = inputs != PAD
        word = real & (inputs != BOS) & (inputs != EOS)
        segments = jnp.zeros_like(inputs) if segments is None else segments
        flow = self.flow(states, real, word & (segments == 0), word & (segments == 1))
        _, read = self.stack(self.drop(flow, train), real, train)
        return self.drop(read, train)

    def flow(
        self,
        h: Float[Array, "B T D"],
        real: Bool[Array, "B T"],
        question: Bool[Array, "B T"],
        context: Bool[Array, "B T"],
    ) -> Float[Array, "B T G"]:
        """[h; u~; h * u~; h * h~], from where inputs are real, and words are of question and context."""
        scores = self.similarity(h, h)
        asked, weights = attend(scores, h, real[:, :, None] & question[:, None])
        self.sow("intermediates", "weights", weights)
        parts = [h, asked, h * asked]
        if self.question_to_context:
            highest = jnp.max(scores, axis=-1, where=question[:, None], initial=-jnp.inf)
            # Without a question no word of the context is asked for more than another.
            highest = jnp.where(question.any(axis=1)[:, None], highest, 0.0)
            found, _ = attend(highest[:, None], h, context[:, None])
            parts.append(h * found)
        return jnp.concatenate(parts, axis=-1)

    def attended(self) -> Float[Array, "B 1 1 T T"]:
        """Where each input looked: the words of the question have all of it."""
        return self.get_variable("intermediates", "weights")[-1][:, None, None]
