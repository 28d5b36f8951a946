"""Only trees are found, whatever a model would say, and every tree that there is room for can be."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.decoding.constraints import WellFormed, constrained
from models.decoding.search import Search, beam_search, generate
from models.ids import BOS, EOS, PAD, UNK
from models.translation.seq2seq import Seq2Seq

PIECES = ("<pad>", "<s>", "</s>", "<unk>", "(A", ")A", "(B", ")B", "x", "(C")  # nothing closes C
OPENS, CLOSES, LEAVES = {4: "A", 6: "B"}, {5: "A", 7: "B"}, {UNK, 8}
RNG = np.random.default_rng(0)


@functools.cache
def trees(stack: tuple, empty: bool, words: int, room: int, depth: int) -> frozenset:
    """The tokens that some tree goes on with, by trying all, with lists."""
    if room <= 0:
        return frozenset()
    found = set()
    for token, label in OPENS.items():
        begins = bool(stack) or words == FIRST
        if begins and len(stack) < depth and ends((*stack, label), True, words, room - 1, depth):
            found.add(token)
    for token, label in CLOSES.items():
        outermost = len(stack) == 1 and words
        if stack and stack[-1] == label and not empty and not outermost:
            if ends(stack[:-1], False, words, room - 1, depth):
                found.add(token)
    if stack and words and ends(stack, False, words - 1, room - 1, depth):
        found |= LEAVES
    if not stack and not words:
        found.add(EOS)
    return frozenset(found)


def ends(stack, empty, words, room, depth) -> bool:
    return bool(trees(stack, empty, words, room, depth))


FIRST = 3  # words of the source


@pytest.mark.parametrize("room, depth", [(6, 3), (12, 1), (12, 3)])
def test_a_token_is_allowed_if_and_only_if_a_tree_goes_on_with_it(room, depth):
    trees.cache_clear()
    rule = WellFormed(deepest=depth).over(PIECES)
    after, allowed = jax.jit(rule.after), jax.jit(rule.allowed)
    for _ in range(12):
        state = rule.begin(jnp.array([FIRST]), jnp.array([room]))
        token, stack, empty, words, left = BOS, (), False, FIRST, room
        while token != EOS:
            state = after(state, jnp.array([token]))
            expected = trees(stack, empty, words, left, depth)
            assert set(np.flatnonzero(allowed(state)[0])) == expected
            token = int(RNG.choice(sorted(expected)))
            left -= 1
            if token in OPENS:
                stack, empty = (*stack, OPENS[token]), True
            elif token in CLOSES:
                stack, empty = stack[:-1], False
            elif token in LEAVES:
                words, empty = words - 1, False


def check(tokens, words: int) -> None:
    """That these are one tree of so many words, and then its end."""
    tokens = [int(token) for token in tokens if token != PAD]
    assert tokens[-1] == EOS and sum(token in LEAVES for token in tokens) == words
    stack = []
    for place, token in enumerate(tokens[:-1]):
        if token in OPENS:
            stack.append((OPENS[token], place))
        elif token in CLOSES:
            label, opened = stack.pop()
            assert label == CLOSES[token] and opened < place - 1
        assert stack or place == len(tokens) - 2


@pytest.mark.parametrize("beam", [1, 4])
def test_searches_find_trees_alone(beam):
    """Of a model that says anything: its logits are random, and most of what it likes is no tree."""
    words, limits = jnp.array([1, 2, 5]), jnp.array([5, 12, 20])
    table = jnp.asarray(5 * RNG.normal(size=(21, len(PIECES), len(PIECES))), jnp.float32)

    def step(carry, token):
        return table[carry, token], carry + 1

    rule = WellFormed().over(PIECES)
    begun = rule.begin(words, limits), jnp.zeros(3, jnp.int32)
    if beam == 1:
        found = generate(constrained(step, rule), begun, limits, 20)
    else:
        found = beam_search(constrained(step, rule), begun, limits, 20, beam)
    scores = np.asarray(found.scores)
    assert not np.isnan(scores).any()
    for row, count in enumerate(words):
        real = scores[row] > -1e20
        assert real.any()
        for tokens in np.asarray(found.tokens[row])[real]:
            check(tokens, int(count))


def test_a_search_of_a_network_finds_trees_alone():
    model = Seq2Seq(vocab_size=len(PIECES), embed_dim=6, features=8)
    source = jnp.array([[UNK, 8, 8, EOS], [8, EOS, PAD, PAD], [PAD, PAD, PAD, PAD]])
    params = model.init(jax.random.key(0), source, source)["params"]
    search = Search(beam=3, stretch=3.0, constraint=WellFormed())
    found = jax.jit(lambda params, source: search(model, params, source, PIECES))(params, source)
    for row, count in ((0, 3), (1, 1)):
        for tokens in np.asarray(found.tokens[row]):
            check(tokens, count)


def test_what_cannot_be_held_is_refused_in_a_line():
    with pytest.raises(ValueError, match="no bracket in this vocabulary"):
        WellFormed().over(("<pad>", "<s>", "</s>", "<unk>", "dog"))
    with pytest.raises(ValueError, match="Search.constraint needs room"):
        Search(stretch=0.5, constraint=WellFormed())
