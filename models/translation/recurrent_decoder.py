"""The recurrent decoder of encoder-decoders: it speaks word by word and may look at what an encoder left."""

import flax.struct
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PyTree

from models.attention.scores import Additive, Score, attend
from models.fields import Count, Dtype, Positive, Share
from models.layers.compositions import Composition, Concatenation
from models.layers.dense import Dense
from models.layers.dropout import Dropout
from models.layers.embedding import Embed
from models.layers.random import uniform
from models.layers.recurrent import LSTM, Cell, fresh, over_time, require_template
from models.translation.encoder_decoder import EncoderDecoder, Reading


@flax.struct.dataclass
class Memory:
    """What the encoder leaves to the decoder. Without attention that is `first` alone: the bottleneck."""

    first: PyTree
    states: Float[Array, "B S E"] | None = None
    keys: Float[Array, "B S F"] | None = None
    mask: Bool[Array, "B S"] | None = None


class RecurrentDecoder(EncoderDecoder):
    """p(y_t | y_<t, x) by recurrent cells, with or without attention to S places of a memory.

    decoder   s_t = cells(s_t-1, [y_t; a_t-1]), s_0 what the encoder leaves as `first`;
              a_t-1 is there only with input feeding (Luong et al., section 3.3)
    context   c_t = sum_k alpha_tk h_k, alpha_t = softmax_k score(s_t, h_k); none with score=None
    readout   a_t = tanh(W [c_t; s_t]) (Luong et al., eq. 5), as wide as the embedding E; another
              `composition` may stand for [c_t; s_t]
    logits    W' a_t, or E a_t if tied (Press & Wolf 2017)

    A kind adds its encoder: `encode`, and in `setup` what that needs beside `set_up_decoder`. `cell` is a
    template: width and dtype are the model's. Computes in `dtype`, parameters are float32.
    """

    abstract = True

    vocab_size: Count = 0
    cell: Cell = LSTM()
    embed_dim: Positive = 256
    features: Positive = 256
    num_layers: Positive = 1
    score: Score | None = Additive()
    composition: Composition = Concatenation()
    input_feeding: bool = True
    tied: bool = True
    dropout: Share = 0.2
    dtype: Dtype = "float32"

    samples = True

    def __post_init__(self):
        super().__post_init__()
        self.composition.require_score(type(self).__name__, self.score)

    @property
    def attends(self) -> bool:
        """Whether there is a score to look at the source by."""
        return self.score is not None

    def set_up_decoder(self):
        """Submodules: `embedding`, `decoder`, `readout`, `drop` and `output`."""
        require_template(type(self).__name__, self.cell, self.features)
        self.embedding = Embed(self.vocab_size, self.embed_dim, self.dtype)
        self.decoder = [
            fresh(self.cell, features=self.features, dtype=self.dtype) for _ in range(self.num_layers)
        ]
        self.readout = Dense(self.embed_dim, dtype=self.dtype)
        if not self.tied:
            self.output = Dense(self.vocab_size, dtype=self.dtype)
        self.drop = Dropout(self.dropout)

    def encode(self, source: Reading, train: bool = False) -> Memory:
        """The decoder's first state, and with attention places to look at and the score's keys of them."""
        raise NotImplementedError

    def start(self, memory: Memory, length: int = 0) -> PyTree:
        """Cell carries and the readout to feed. They do not grow: `length` matters to other models only."""
        batch = jax.tree.leaves(memory.first)[0].shape[0]
        return memory.first, jnp.zeros((batch, self.embed_dim), self.dtype)

    def advance(self, memory: Memory, carry: PyTree, word: Float[Array, "B D"], train: bool = False):
        """The one step of the decoder, from an embedded word to (carry, (readout, its look or None))."""
        states, fed = carry
        x = jnp.concatenate([word, fed], axis=-1) if self.input_feeding and self.score is not None else word
        after = []
        for level, (cell, state) in enumerate(zip(self.decoder, states, strict=True)):
            state, x = cell(state, self.drop(x, train) if level else x)
            after.append(state)
        look = None
        if self.score is not None:
            context, look = self.look(x, memory)
            x = self.composition(x, context)
        readout = jnp.tanh(self.readout(x))
        return (tuple(after), readout), (readout, look)

    def look(self, state: Float[Array, "B H"], memory: Memory) -> tuple[Float[Array, "B E"], PyTree]:
        """(context, what `weights_of` finds the weights [B S] in) of one state."""
        query = state[:, None]
        context, weights = attend(self.score.compare(query, memory.keys), memory.states, memory.mask[:, None])
        return context[:, 0], weights[:, 0]

    def logits(self, readout: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        """By the table of the embeddings if `tied`, else by an output layer."""
        product = self.embedding.attend(readout) if self.tied else self.output(readout)
        return product.astype(jnp.float32)

    def forced(self, memory: Memory, inputs: Int[Array, "B T"], train: bool = False):
        """Readouts [B T D] and looks, the words given. Logits wait: one product serves all T."""
        scan = over_time(lambda self, carry, word: self.advance(memory, carry, word, train))
        words = self.drop(self.embedding(inputs), train)
        return scan(self, self.start(memory), words)[1]

    def states(
        self, source: Reading, inputs: Int[Array, "B T"], train: bool = False
    ) -> Float[Array, "B T D"]:
        """The readouts, with dropout, of all positions at once."""
        return self.states_and_looks(source, inputs, train)[0]

    @staticmethod
    def weights_of(looks: PyTree) -> Float[Array, "B *T S"]:
        """The weights of what `look` returned, of one step or of all."""
        return looks

    def states_and_looks(
        self, source: Reading, inputs: Int[Array, "B T"], train: bool = False
    ) -> tuple[Float[Array, "B T D"], PyTree]:
        """(`states`, what `look` returned at all positions, None without a score)."""
        readouts, looks = self.forced(self.encode(source, train), inputs, train)
        return self.drop(readouts, train), looks

    def step(
        self, memory: Memory, carry: PyTree, token: Int[Array, "B"]
    ) -> tuple[Float[Array, "B V"], PyTree]:
        """One `advance`, without dropout."""
        carry, (readout, _) = self.advance(memory, carry, self.embedding(token))
        return self.logits(readout), carry

    def attention(self, source: Reading, inputs: Int[Array, "B T"]) -> Float[Array, "B 1 1 T S"]:
        """The weights alpha, which `attend` returns: of one layer and one head."""
        if self.score is None:
            raise ValueError(f"{type(self).__name__}(score=None) has no attention to show: give it a score")
        return self.weights_of(self.forced(self.encode(source), inputs)[1])[:, None, None]

    def sampled(
        self,
        source: Reading,
        inputs: Int[Array, "B T"],
        gold_probability: Float[Array, ""],
        train: bool = True,
    ) -> Float[Array, "B T D"]:
        """States under scheduled sampling: each input is the gold word with this probability, else the
        model's own last prediction  -- Bengio et al. 2015.

        One scan of `step` chooses the words and has no backward pass; teacher forcing on them then does the
        learning. So 1 is teacher forcing, 0 free running, and the price is one forward pass of the decoder:
        1.3 times teacher forcing on CPU at a vocabulary of 8,000. Choosing is done without dropout.
        """
        memory = self.encode(source, train)
        gold = uniform(self.make_rng("sampling"), inputs.shape) < gold_probability
        readouts, _ = self.forced(memory, self.chosen(memory, inputs, gold), train)
        return self.drop(readouts, train)

    def chosen(
        self, memory: Memory, inputs: Int[Array, "B T"], gold: Bool[Array, "B T"]
    ) -> Int[Array, "B T"]:
        """The gold word where `gold`, else the argmax of the step before; the first word is always gold."""
        memory = jax.lax.stop_gradient(memory)

        def body(self, state, given):
            carry, predicted = state
            token = jnp.where(given[1], given[0], predicted)
            logits, carry = self.step(memory, carry, token)
            return (jax.lax.stop_gradient(carry), jnp.argmax(logits, axis=-1).astype(token.dtype)), token

        return over_time(body)(self, (self.start(memory), inputs[:, 0]), (inputs, gold))[1]
