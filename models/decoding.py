"""Greedy search, sampling and beam search over one contract: step(carry, token) -> (logits, carry).

`carry` is any pytree of arrays with a leading row axis: the state of an RNN, the key-value cache of a
Transformer. Shapes are static, so each (rows, length) pair compiles once. Rows never look at each other: each
has its own limit of tokens, whatever the `length` there is room for.
"""

import dataclasses
import math
from collections.abc import Callable

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

PAD, BOS, EOS = 0, 1, 2
NEVER = -1e30

Step = Callable[[object, Int[Array, "B"]], tuple[Float[Array, "B V"], object]]


@flax.struct.dataclass
class Hypotheses:
    """K finished sequences a row, best first: tokens without BOS, EOS included, PAD after it.

    Of numpy once `jax.device_get` has fetched them.
    """

    tokens: Int[Array | np.ndarray, "B K L"]
    scores: Float[Array | np.ndarray, "B K"]
    log_probabilities: Float[Array | np.ndarray, "B K"]


@dataclasses.dataclass(frozen=True)
class PerToken:
    """score = log P(y) / |y|^alpha: plain length normalisation; alpha = 0 compares log-probabilities."""

    alpha: float = 1.0

    def __call__(self, length: Float[Array, "..."] | float) -> Float[Array, "..."] | float:
        return length**self.alpha


@dataclasses.dataclass(frozen=True)
class Wu:
    """score = log P(y) / ((5 + |y|) / 6)^alpha  -- Wu et al. 2016, eq. 14."""

    alpha: float = 0.6

    def __call__(self, length: Float[Array, "..."] | float) -> Float[Array, "..."] | float:
        return ((5.0 + length) / 6.0) ** self.alpha


def forbid(logits: Float[Array, "*B V"]) -> Float[Array, "*B V"]:
    """Log-probabilities of what may be said: padding and the begin mark never are."""
    logits = logits.at[..., jnp.array([PAD, BOS])].set(-jnp.inf)
    return jax.nn.log_softmax(logits.astype(jnp.float32), axis=-1)


def most_likely(log_probabilities: Float[Array, "B V"], key: Key[Array, ""]) -> Int[Array, "B"]:
    return jnp.argmax(log_probabilities, axis=-1)


@dataclasses.dataclass(frozen=True)
class Draw:
    """Sample from softmax(log p / temperature), cut to the `top_k` likeliest and the nucleus of mass `top_p`.

    The nucleus is the smallest set of tokens whose probability reaches top_p  -- Holtzman et al. 2020, §3.1.
    Each row draws with a key of its own, so a row's sample does not depend on the batch it is in.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 1.0

    def __post_init__(self):
        if self.temperature <= 0 or not 0 < self.top_p <= 1 or (self.top_k is not None and self.top_k < 1):
            raise ValueError(f"{self}: temperature > 0, top_k >= 1 and 0 < top_p <= 1 are needed")

    def __call__(self, log_probabilities: Float[Array, "B V"], key: Key[Array, ""]) -> Int[Array, "B"]:
        scaled = log_probabilities / self.temperature
        ranked = jnp.sort(scaled, axis=-1, descending=True)
        mass_before = jnp.cumsum(jax.nn.softmax(ranked), axis=-1) - jax.nn.softmax(ranked)
        kept = (mass_before < self.top_p) & (jnp.arange(ranked.shape[-1]) < (self.top_k or ranked.shape[-1]))
        floor = jnp.min(jnp.where(kept, ranked, jnp.inf), axis=-1, keepdims=True)
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(len(scaled)))
        return jax.vmap(jax.random.categorical)(keys, jnp.where(scaled >= floor, scaled, -jnp.inf))


def generate(
    step: Step,
    carry,
    limits: Int[Array, "B"],
    length: int,
    choose=most_likely,
    key: Key[Array, ""] | None = None,
) -> Hypotheses:
    """One token after another, picked by `choose(log_probabilities, key)`.

    A row is over when it has said EOS, or limits[row] <= length tokens.
    """
    key = jax.random.key(0) if key is None else key
    rows = limits.shape[0]

    def unfinished(state):
        *_, done, _ = state
        return ~jnp.all(done)

    def extend(state):
        index, token, tokens, total, done, carry = state
        logits, carry = step(carry, token)
        log_probabilities = forbid(logits)
        token = choose(log_probabilities, jax.random.fold_in(key, index)).astype(jnp.int32)
        gain = jnp.take_along_axis(log_probabilities, token[:, None], axis=-1)[:, 0]
        token = jnp.where(done, PAD, token)
        total = jnp.where(done, total, total + gain)
        done = done | (token == EOS) | (index + 1 == limits)
        return index + 1, token, tokens.at[:, index].set(token), total, done, carry

    start = jnp.full(rows, BOS, jnp.int32), jnp.full((rows, length), PAD, jnp.int32), jnp.zeros(rows)
    state = 0, *start, limits <= 0, carry
    _, _, tokens, total, _, _ = jax.lax.while_loop(unfinished, extend, state)
    return Hypotheses(tokens[:, None], total[:, None], total[:, None])


@flax.struct.dataclass
class Beams:
    """The state of a beam search: K open hypotheses a row, and the K best finished ones."""

    tokens: Int[Array, "B K L"]
    log_probabilities: Float[Array, "B K"]
    finished: Hypotheses
    carry: object


def select(tree, chosen: Int[Array, "B K"]):
    """Take beams `chosen` of each row, in a pytree of arrays [B, K, ...]."""
    rows = jnp.arange(chosen.shape[0])[:, None]
    return jax.tree.map(lambda x: x[rows, chosen], tree)


def beam_search(
    step: Step, carry, limits: Int[Array, "B"], length: int, beam: int, penalty=PerToken()
) -> Hypotheses:
    """The `beam` best hypotheses a row by penalised log-probability.

    A hypothesis finishes when EOS is among the row's `beam` best continuations. A row is over once `beam` of
    them have finished, or after limits[row] <= length tokens, where the best are taken as they stand. `carry`
    has a row for each limit, held `beam` times. Hypotheses that cannot be are PAD and score NEVER.
    """
    rows = limits.shape[0]
    flat = lambda tree: jax.tree.map(lambda x: x.reshape(rows * beam, *x.shape[2:]), tree)
    split = lambda tree: jax.tree.map(lambda x: x.reshape(rows, beam, *x.shape[1:]), tree)
    nothing = jnp.full((rows, beam), NEVER)

    def unfinished(state):
        return ~jnp.all(over(*state))

    def over(index, beams):
        return jnp.all(beams.finished.scores > NEVER, axis=1) | (index >= limits)

    def extend(state):
        index, beams = state
        last = jnp.where(index == 0, BOS, beams.tokens[:, :, index - 1])
        logits, carry = step(flat(beams.carry), last.reshape(-1))
        gains = forbid(logits).reshape(rows, beam, -1)
        vocabulary = gains.shape[-1]
        totals = (beams.log_probabilities[:, :, None] + gains).reshape(rows, -1)
        # 2K candidates: even if K of them end, K open hypotheses remain.
        best, where = jax.lax.top_k(totals, 2 * beam)
        parent, token = where // vocabulary, where % vocabulary
        tokens = select(beams.tokens, parent).at[:, :, index].set(token)
        ended = token == EOS
        arrived = (ended | (index + 1 == limits)[:, None]) & (jnp.arange(2 * beam) < beam)
        arrived = arrived & (best > NEVER) & ~over(index, beams)[:, None]
        scores = jnp.where(arrived, best / penalty(index + 1.0), NEVER)
        finished = keep_best(beams.finished, Hypotheses(tokens, scores, best), beam)
        best_open, chosen = jax.lax.top_k(jnp.where(ended, NEVER, best), beam)
        opened = Beams(
            tokens=select(tokens, chosen),
            log_probabilities=best_open,
            finished=finished,
            carry=select(split(carry), select(parent, chosen)),
        )
        return index + 1, opened

    blank = jnp.full((rows, beam, length), PAD, jnp.int32)
    state = (
        0,
        Beams(
            tokens=blank,
            # All beams of a row start equal: were all extended, each hypothesis would come K times.
            log_probabilities=nothing.at[:, 0].set(0.0),
            finished=Hypotheses(blank, nothing, nothing),
            carry=jax.tree.map(lambda x: jnp.repeat(x[:, None], beam, axis=1), carry),
        ),
    )
    return jax.lax.while_loop(unfinished, extend, state)[1].finished


def keep_best(one: Hypotheses, other: Hypotheses, beam: int) -> Hypotheses:
    both = jax.tree.map(lambda a, b: jnp.concatenate([a, b], axis=1), one, other)
    _, chosen = jax.lax.top_k(both.scores, beam)
    return select(both, chosen)


@dataclasses.dataclass(frozen=True)
class Search:
    """How a translation is looked for: `beam` 1 is greedy.

    At most `stretch` x source + `slack` tokens are said, of a source without its padding.
    """

    beam: int = 5
    penalty: PerToken | Wu = PerToken()
    stretch: float = 1.5
    slack: int = 10

    def __call__(self, model: nn.Module, params, source: Int[Array, "B S"]) -> Hypotheses:
        variables = {"params": params}
        words = jnp.sum(source != PAD, axis=1)
        limits = jnp.floor(self.stretch * words).astype(jnp.int32) + self.slack
        length = math.ceil(self.stretch * source.shape[1]) + self.slack
        memory = model.apply(variables, source, method="encode")
        carry = model.apply(variables, memory, length, method="start")
        if self.beam == 1:
            step = lambda carry, token: model.apply(variables, memory, carry, token, method="step")
            return generate(step, carry, limits, length)
        # The encoder's side is repeated once, before the loop: reordering the beams never moves it.
        held = jax.tree.map(lambda x: jnp.repeat(x, self.beam, axis=0), memory)
        step = lambda carry, token: model.apply(variables, held, carry, token, method="step")
        return beam_search(step, carry, limits, length, self.beam, self.penalty)


def source_attention(
    model: nn.Module, params, source: Int[Array, "B S"], inputs: Int[Array, "B T"]
) -> Float[Array, "B L N T S"]:
    """Where each output token looked, by layer and head: a teacher-forced pass over what a search said."""
    weights, _ = model.apply(
        {"params": params}, source, inputs, method="attention", mutable=["intermediates"]
    )
    return weights
