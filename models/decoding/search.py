"""Greedy search, sampling and beam search over one contract: step(carry, token) -> (logits, carry).

`carry` is any pytree of arrays with a leading row axis, such as the state of an RNN, or of nodes that know by
themselves how to `spread` a row to several hypotheses and `select` among them, as the key-value cache of a
Transformer does. Shapes are static, so each (rows, length) pair compiles once. Rows never look at each other:
each has its own limit of tokens, whatever the `length` there is room for.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from models.attention.cache import Spreading
from models.decoding.constraints import Constraint, Step, constrained
from models.decoding.sampling import Sample, most_likely
from models.decoding.top_k import NEVER, log_normaliser, log_probs, mask_logits, top_k
from models.fields import Amount, Beam, Bound, Count, Part, Positive
from models.ids import BOS, EOS, PAD
from models.language.language_model import LanguageModel
from models.translation.encoder_decoder import EncoderDecoder, Reading


@flax.struct.dataclass
class Hypotheses:
    """K finished sequences a row, best first: tokens without BOS, EOS included, PAD after it.

    Of numpy once `jax.device_get` has fetched them.
    """

    tokens: Int[Array | np.ndarray, "B K L"]
    scores: Float[Array | np.ndarray, "B K"]
    log_probabilities: Float[Array | np.ndarray, "B K"]


class LengthPenalty(Part):
    """What log P(y) is divided by, so that hypotheses of unlike length can be compared."""

    abstract = True

    def __call__(self, length: Float[Array, "..."] | float) -> Float[Array, "..."] | float:
        """The divisor of a hypothesis of so many tokens."""
        raise NotImplementedError

    @property
    def rule(self) -> str:
        """The score in a protocol's words."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class LengthNormalised(LengthPenalty):
    """score = log P(y) / |y|^alpha: plain length normalisation; alpha = 0 compares log-probabilities."""

    alpha: Amount = 1.0

    @property
    def rule(self) -> str:
        """With alpha."""
        return f"score / length^{self.alpha}"

    def __call__(self, length: Float[Array, "..."] | float) -> Float[Array, "..."] | float:
        """length^alpha."""
        return length**self.alpha


@dataclasses.dataclass(frozen=True)
class GNMTPenalty(LengthPenalty):
    """score = log P(y) / ((5 + |y|) / 6)^alpha  -- Wu et al. 2016, eq. 14."""

    alpha: Amount = 0.6

    @property
    def rule(self) -> str:
        """With alpha."""
        return f"score / ((5 + length) / 6)^{self.alpha}"

    def __call__(self, length: Float[Array, "..."] | float) -> Float[Array, "..."] | float:
        """((5 + length) / 6)^alpha."""
        return ((5.0 + length) / 6.0) ** self.alpha


@dataclasses.dataclass(frozen=True)
class SpecialTokens(Part):
    """Ids that are no words: `end` ends a hypothesis, -1 if nothing does; `never` are not generated.

    Behind the end of a hypothesis there is `fill`.
    """

    end: Annotated[int, Bound(least=-1)] = EOS
    fill: Count = PAD
    never: tuple[Count, ...] = (PAD, BOS)


def generate(
    step: Step,
    carry,
    limits: Int[Array, "B"],
    length: int,
    choose=most_likely,
    key: Key[Array, ""] | None = None,
    first: Int[Array, "B"] | None = None,
    special: SpecialTokens = SpecialTokens(),
) -> Hypotheses:
    """One token after another, picked by `choose(log_probabilities, key)`, from `first` on, else from BOS.

    A row is over after the end token, or after limits[row] <= length tokens.
    """
    key = jax.random.key(0) if key is None else key
    rows = limits.shape[0]

    def unfinished(state):
        *_, done, _ = state
        return ~jnp.all(done)

    def extend(state):
        index, token, tokens, total, done, carry = state
        logits, carry = step(carry, token)
        log_probabilities = log_probs(logits, special.never)
        token = choose(log_probabilities, jax.random.fold_in(key, index)).astype(jnp.int32)
        gain = jnp.take_along_axis(log_probabilities, token[:, None], axis=-1)[:, 0]
        token = jnp.where(done, special.fill, token)
        total = jnp.where(done, total, total + gain)
        done = done | (token == special.end) | (index + 1 == limits)
        return index + 1, token, tokens.at[:, index].set(token), total, done, carry

    first = jnp.full(rows, BOS, jnp.int32) if first is None else first
    blank = jnp.full((rows, length), special.fill, jnp.int32)
    state = 0, first, blank, jnp.zeros(rows), limits <= 0, carry
    _, _, tokens, total, _, _ = jax.lax.while_loop(unfinished, extend, state)
    return Hypotheses(tokens[:, None], total[:, None], total[:, None])


@flax.struct.dataclass
class Beams:
    """The state of a beam search: K open hypotheses a row, and the K best finished ones."""

    tokens: Int[Array, "B K L"]
    log_probabilities: Float[Array, "B K"]
    finished: Hypotheses
    carry: object


def by_itself(node) -> bool:
    """Whether a node spreads and selects by itself."""
    return isinstance(node, Spreading)


def mapped(arrays: Callable, nodes: Callable, tree):
    """`arrays` of each array, `nodes` of each node that handles its hypotheses by itself."""
    return jax.tree.map(lambda x: nodes(x) if by_itself(x) else arrays(x), tree, is_leaf=by_itself)


def spread(tree, beam: int):
    """Each row K times, [B, ...] to [B, K, ...]."""
    repeat = lambda x: jnp.repeat(x[:, None], beam, axis=1)
    return mapped(repeat, lambda node: node.spread(beam), tree)


def select(tree, chosen: Int[Array, "B K"]):
    """Take beams `chosen` of each row, of arrays [B, K, ...]."""
    rows = jnp.arange(chosen.shape[0])[:, None]
    return mapped(lambda x: x[rows, chosen], lambda node: node.select(chosen), tree)


def flat(tree):
    """Hypotheses as rows, [B, K, ...] to [B K, ...]."""
    return mapped(lambda x: x.reshape(-1, *x.shape[2:]), lambda node: node, tree)


def split(tree, beam: int):
    """Rows as hypotheses, [B K, ...] to [B, K, ...]."""
    return mapped(lambda x: x.reshape(-1, beam, *x.shape[1:]), lambda node: node, tree)


def beam_search(
    step: Step,
    carry,
    limits: Int[Array, "B"],
    length: int,
    beam: int,
    penalty=LengthNormalised(),
    first: Int[Array, "B"] | None = None,
    special: SpecialTokens = SpecialTokens(),
) -> Hypotheses:
    """The `beam` best hypotheses a row by penalised log-probability; `first`, else BOS, is the first input.

    A hypothesis finishes when the end token is among the row's `beam` best continuations. A row is over once
    `beam` of them have finished, or after limits[row] <= length tokens, the best being taken as they stand.
    `carry` has a row for each limit, spread to `beam` here. Hypotheses that cannot be are empty, score NEVER.
    """
    rows = limits.shape[0]
    first = jnp.full(rows, BOS, jnp.int32) if first is None else first
    nothing = jnp.full((rows, beam), NEVER)

    def unfinished(state):
        return ~jnp.all(over(*state))

    def over(index, beams):
        return jnp.all(beams.finished.scores > NEVER, axis=1) | (index >= limits)

    def extend(state):
        index, beams = state
        last = jnp.where(index == 0, first[:, None], beams.tokens[:, :, index - 1])
        logits, carry = step(flat(beams.carry), last.reshape(-1))
        logits = mask_logits(logits, special.never).reshape(rows, beam, -1)
        # 2K candidates: even if K of them end, K open hypotheses remain.
        best, parent, token = top_k(logits, beams.log_probabilities - log_normaliser(logits), 2 * beam)
        tokens = select(beams.tokens, parent).at[:, :, index].set(token)
        ended = token == special.end
        arrived = (ended | (index + 1 == limits)[:, None]) & (jnp.arange(2 * beam) < beam)
        arrived = arrived & (best > NEVER) & ~over(index, beams)[:, None]
        scores = jnp.where(arrived, best / penalty(index + 1.0), NEVER)
        finished = keep_best(beams.finished, Hypotheses(tokens, scores, best), beam)
        best_open, chosen = jax.lax.top_k(jnp.where(ended, NEVER, best), beam)
        opened = Beams(
            tokens=select(tokens, chosen),
            log_probabilities=best_open,
            finished=finished,
            carry=select(split(carry, beam), select(parent, chosen)),
        )
        return index + 1, opened

    blank = jnp.full((rows, beam, length), special.fill, jnp.int32)
    state = (
        0,
        Beams(
            tokens=blank,
            # All beams of a row start equal: were all extended, each hypothesis would come K times.
            log_probabilities=nothing.at[:, 0].set(0.0),
            finished=Hypotheses(blank, nothing, nothing),
            carry=spread(carry, beam),
        ),
    )
    return jax.lax.while_loop(unfinished, extend, state)[1].finished


def keep_best(one: Hypotheses, other: Hypotheses, beam: int) -> Hypotheses:
    """The `beam` best of both, of each row."""
    both = jax.tree.map(lambda a, b: jnp.concatenate([a, b], axis=1), one, other)
    _, chosen = jax.lax.top_k(both.scores, beam)
    return select(both, chosen)


@dataclasses.dataclass(frozen=True)
class Search(Part):
    """How a translation is looked for: `beam` 1 is greedy.

    At most `stretch` x source + `slack` tokens are generated, of a source without its padding; of a
    picture, which has no words, `slack`. With a `constraint` none but those that it allows.
    """

    beam: Beam = 5
    penalty: LengthPenalty = LengthNormalised()
    stretch: Amount = 1.5
    slack: Count = 10
    constraint: Constraint | None = None

    def __post_init__(self):
        super().__post_init__()
        if self.constraint and (self.stretch < 1 or self.slack < 3):
            raise ValueError("Search.constraint needs room: set Search.stretch >= 1 and slack >= 3")
        if not self.stretch and not self.slack:
            raise ValueError("Search.stretch and slack are both 0, which leaves no token to generate")

    def __str__(self) -> str:
        """The search in a protocol's words: "beam 5, score / length^1.0"."""
        told = "greedy" if self.beam == 1 else f"beam {self.beam}, {self.penalty.rule}"
        return f"{told}, {type(self.constraint).__name__}" if self.constraint else told

    def __call__(
        self, model: EncoderDecoder, params, source: Reading, pieces: Sequence[str] = ()
    ) -> Hypotheses:
        """The hypotheses of each source, best first; `pieces` are what a constraint is over."""
        variables = {"params": params}
        words, width = model.extent(source)
        limits = jnp.floor(self.stretch * words).astype(jnp.int32) + self.slack
        length = math.ceil(self.stretch * width) + self.slack
        memory = model.apply(variables, source, method="encode")
        carry = model.apply(variables, memory, length, method="start")
        held = memory
        if self.beam > 1:
            # The encoder's side is repeated once, before the loop: reordering the beams never moves it.
            repeat = lambda x: jnp.repeat(x, self.beam, axis=0)
            held = mapped(repeat, lambda node: node.spread(self.beam), memory)
        step = lambda carry, token: model.apply(variables, held, carry, token, method="step")
        if self.constraint:
            rule = self.constraint.over(pieces)
            carry, step = (rule.begin(words - 1, limits), carry), constrained(step, rule)
        if self.beam == 1:
            return generate(step, carry, limits, length)
        return beam_search(step, carry, limits, length, self.beam, self.penalty)


@dataclasses.dataclass(frozen=True)
class Continuation(Part):
    """How a language model goes on from a prompt: by beam search, or with `beam` 1 token by token.

    At most limits[row] <= `length` tokens are generated of a row. Prompts stand at the left of [B, P], padded
    to a width that should be one of few: each (B, P, length) is compiled once.
    """

    length: Positive = 128
    beam: Beam = 1
    penalty: LengthPenalty = LengthNormalised()
    sample: Sample | None = None
    special: SpecialTokens = SpecialTokens()

    def __post_init__(self):
        super().__post_init__()
        if self.sample is not None and self.beam != 1:
            raise ValueError(f"beam={self.beam} does not draw: beam=1 does")

    def __call__(
        self,
        model: LanguageModel,
        params,
        prompts: Int[Array, "B P"],
        lengths: Int[Array, "B"],
        limits: Int[Array, "B"],
        key: Key[Array, ""] | None = None,
    ) -> Hypotheses:
        """Of prompts of lengths[b] >= 1 tokens."""
        apply = partial(model.apply, {"params": params})
        carry = apply(*prompts.shape[:1], prompts.shape[1] + self.length, method="start")
        # The last token of a prompt is left to the first step, whose logits are the first that are wanted.
        _, carry = apply(carry, prompts, lengths - 1, method="prefill")
        first = jnp.take_along_axis(prompts, lengths[:, None] - 1, axis=1)[:, 0]
        step, last = partial(apply, method="step"), {"first": first, "special": self.special}
        if self.beam > 1:
            return beam_search(step, carry, limits, self.length, self.beam, self.penalty, **last)
        return generate(step, carry, limits, self.length, self.sample or most_likely, key, **last)


def source_attention(
    model: EncoderDecoder, params, source: Reading, inputs: Int[Array, "B T"]
) -> Float[Array, "B L N T S"]:
    """Where each output token looked, by layer and head: a teacher-forced pass over what was found."""
    weights, _ = model.apply(
        {"params": params}, source, inputs, method="attention", mutable=["intermediates"]
    )
    return weights
