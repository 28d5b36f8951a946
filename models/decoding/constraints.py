"""What a search may say next, by a state that goes with each hypothesis.

A `Constraint` is a part of a search; over the pieces of a vocabulary it is a `Rule`. `constrained` makes a
step of any other and a rule: greedy search, sampling and beam search take it as they take the other. What the
rule keeps is part of the carry, so that it is spread and selected together with the hypotheses.
"""

import dataclasses
from collections.abc import Callable, Sequence

import flax.struct
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PyTree

from models.decoding.top_k import NEVER
from models.fields import Part, Positive
from models.ids import EOS

Step = Callable[[object, Int[Array, "B"]], tuple[Float[Array, "B V"], object]]


class Rule:
    """A constraint over one vocabulary."""

    def begin(self, words: Int[Array, "B"], limits: Int[Array, "B"]) -> PyTree:
        """The state before the first token of a row: of a source of so many words, with room for limits[b]
        tokens, the end among them. Arrays have a leading row axis."""
        raise NotImplementedError

    def after(self, state: PyTree, token: Int[Array, "B"]) -> PyTree:
        """The state once a token, BOS first of all, has been said."""
        raise NotImplementedError

    def allowed(self, state: PyTree) -> Bool[Array, "B V"]:
        """The tokens that may come next."""
        raise NotImplementedError


class Constraint(Part):
    """What hypotheses must be like."""

    abstract = True

    def over(self, pieces: Sequence[str]) -> Rule:
        """The rule for a vocabulary, whose tokens are written so."""
        raise NotImplementedError


def constrained(step: Step, rule: Rule) -> Step:
    """The step among tokens that the rule allows: p of each is p given that it is one of these.

    Its carry is (state of the rule, carry of the step).
    """

    def within(carry, token):
        state, inner = carry
        state = rule.after(state, token)
        logits, inner = step(inner, token)
        # NEVER and not -inf: a hypothesis that is dead already may have no token left, and no nan either.
        return jnp.where(rule.allowed(state), logits, NEVER), (state, inner)

    return within


@flax.struct.dataclass
class Open:
    """Of each row, or hypothesis: the labels that are open, the outermost first, and how many; whether the
    last one is empty yet; the words to come, and the tokens that there is room for."""

    labels: Int[Array, "*B D"]
    depth: Int[Array, "*B"]
    empty: Bool[Array, "*B"]
    words: Int[Array, "*B"]
    room: Int[Array, "*B"]


@dataclasses.dataclass(frozen=True)
class WellFormed(Constraint):
    """Trees only: "(S (NP XX )NP XX )S" of a source of two words.

    A bracket closes the one that was opened last, none is empty, there are as many leaves as words in the
    source, and the end comes after the root's last bracket and not before. At most `deepest` constituents are
    open at a time, and none is opened that could not be closed within the length of the search.
    """

    deepest: Positive = 40

    def over(self, pieces: Sequence[str]) -> "Brackets":
        """The rule; ValueError of a vocabulary without any bracket."""
        labels = {piece[1:] for piece in pieces if piece[:1] == "("}
        labels = sorted(labels & {piece[1:] for piece in pieces if piece[:1] == ")"})
        if not labels:
            raise ValueError(
                "search.constraint=WellFormed looks for trees, and there is no bracket in this vocabulary: "
                "set task.corpus to one of trees and task.tokenizer=WholeWords()"
            )
        numbers = {label: number for number, label in enumerate(labels)}
        label = lambda mark: np.array(
            [numbers.get(piece[1:], -1) if piece[:1] == mark else -1 for piece in pieces], np.int32
        )
        leaf = np.array([piece[:1] not in ("(", ")") for piece in pieces])
        leaf[: EOS + 1] = False  # PAD, BOS, EOS; a word that is not known is a word
        return Brackets(label("("), label(")"), leaf, self.deepest)


class Brackets(Rule):
    """`WellFormed` over a vocabulary: the label that each token opens and closes, -1 for none, and leaves."""

    def __init__(
        self,
        opens: Int[np.ndarray, "V"],
        closes: Int[np.ndarray, "V"],
        leaf: Bool[np.ndarray, "V"],
        deepest: int,
    ):
        self.opens, self.closes, self.leaf, self.deepest = opens, closes, leaf, deepest

    def begin(self, words: Int[Array, "B"], limits: Int[Array, "B"]) -> Open:
        """Nothing is open, and all words are to come."""
        rows = words.shape[0]
        return Open(
            jnp.full((rows, self.deepest), -1, jnp.int32),
            jnp.zeros(rows, jnp.int32),
            jnp.zeros(rows, bool),
            words.astype(jnp.int32),
            limits.astype(jnp.int32) + 1,  # BOS takes one
        )

    def after(self, state: Open, token: Int[Array, "B"]) -> Open:
        """One bracket more or less, or one word less."""
        opened, closes = jnp.asarray(self.opens)[token], jnp.asarray(self.closes)[token] >= 0
        leaf, opens = jnp.asarray(self.leaf)[token], opened >= 0
        here = jnp.arange(self.deepest) == state.depth[:, None]
        return Open(
            jnp.where(here & opens[:, None], opened[:, None], state.labels),
            state.depth + opens - closes,
            (state.empty | opens) & ~(leaf | closes),
            state.words - leaf,
            state.room - 1,
        )

    def allowed(self, state: Open) -> Bool[Array, "B V"]:
        """Brackets and words of which a tree can still be made."""
        depth, more = state.depth, state.words > 0
        # What is needed at least from here: a leaf for each word, what is open closed, and the end.
        needed = state.words + depth + 1
        opens = more & (depth < self.deepest) & (state.room >= needed + 2)
        closes = (depth > 0) & ~state.empty & ((depth > 1) | ~more)
        last = jnp.take_along_axis(state.labels, jnp.maximum(depth - 1, 0)[:, None], axis=1)
        leaf = more & (depth > 0)
        end = (depth == 0) & ~more
        return (
            (opens[:, None] & (jnp.asarray(self.opens) >= 0))
            | (closes[:, None] & (jnp.asarray(self.closes) == last) & (jnp.asarray(self.closes) >= 0))
            | (leaf[:, None] & jnp.asarray(self.leaf))
            | (end[:, None] & (jnp.arange(len(self.leaf)) == EOS))
        )
