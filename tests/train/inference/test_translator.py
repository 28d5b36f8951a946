"""Raw lines in, translations out in the same order, none of them touched by its neighbours."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.tokenizers.levels import Words
from models.decoding.search import Search
from models.translation.encoder_decoder import EncoderDecoder
from train.inference.groups import TOKENS, WIDTHS, grouped, rows_for
from train.inference.translator import Translator

WORDS = [f"w{number}" for number in range(20)]
TOKENIZER = Words(least=1).train([" ".join(WORDS)])


class Copier(EncoderDecoder):
    """Says the source again, up to its EOS: the least model that keeps the contract of a decoder.

    The bias makes no two other words equally likely, so that a beam has something to choose from.
    """

    vocab_size: int = 0

    def setup(self):
        self.bias = self.param("bias", nn.initializers.normal(0.1), (self.vocab_size,))

    def __call__(self, source, inputs, train=False):
        return jax.nn.one_hot(source, self.vocab_size) * 9 + self.bias

    def encode(self, source):
        return source

    def start(self, memory, length):
        return jnp.zeros(len(memory), jnp.int32)

    def step(self, memory, carry, token):
        word = jnp.take_along_axis(memory, jnp.minimum(carry, memory.shape[1] - 1)[:, None], axis=1)[:, 0]
        return jax.nn.one_hot(word, self.vocab_size) * 9 + self.bias, carry + 1


@pytest.fixture(scope="module")
def translator():
    model = Copier(vocab_size=len(TOKENIZER))
    ids = jnp.ones((1, 2), jnp.int32)
    params = model.init(jax.random.key(0), ids, ids)["params"]
    return Translator(model, params, TOKENIZER, Search(beam=2))


def lines(count, longest, seed=0):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, rng.integers(1, longest))) for _ in range(count)]


def test_lines_come_back_in_their_order(translator):
    given = lines(40, 14)
    assert [found[0].text for found in translator(given)] == given


def test_a_translation_does_not_depend_on_the_other_lines(translator):
    given = lines(7, 10, seed=1)
    together = list(translator(given))
    for line, found in zip(given, together, strict=True):
        (alone,) = translator([line])
        assert [one.ids for one in alone] == [one.ids for one in found]
        assert [one.score for one in alone] == pytest.approx([one.score for one in found], abs=1e-6)
    backwards = list(translator(given[::-1]))
    assert [found[0].ids for found in backwards[::-1]] == [found[0].ids for found in together]


def test_hypotheses_come_best_first_and_say_their_own_text(translator):
    (found,) = translator(["w3 w4"])
    assert len(found) == 2 and found[0].score > found[1].score and found[0].ids != found[1].ids
    assert [TOKENIZER.decode(one.ids) for one in found] == [one.text for one in found]
    for one in found:
        assert one.score == pytest.approx(one.log_probability / len(one.ids), rel=1e-5)


def test_nothing_gives_nothing_and_an_empty_line_a_line(translator):
    assert list(translator([])) == []
    assert [found[0].text for found in translator(["", "w1", ""])] == ["", "w1", ""]


def test_a_line_longer_than_the_widest_width_is_translated_whole(translator):
    long = " ".join(WORDS[number % 20] for number in range(WIDTHS[-1] + 5))
    greedy = Translator(
        translator.model, translator.params, TOKENIZER, dataclasses.replace(translator.search, beam=1)
    )
    assert [found[0].text for found in greedy(["w1 w2", long])] == ["w1 w2", long]


@pytest.mark.parametrize("sizes", [[], [1], [8, 9, 8, 9], [600, 3, 600, 513, 512], list(range(1, 80)) * 40])
def test_groups_hold_every_line_once_in_the_narrowest_width(sizes):
    ids = [[5] * size for size in sizes]
    members = [member for group, _ in grouped(ids) for member in group]
    assert sorted(members) == list(range(len(sizes)))
    for group, width in grouped(ids):
        longest = max(sizes[member] for member in group)
        assert width == min((w for w in WIDTHS if w >= longest), default=longest)
        assert len(group) <= rows_for(width) and len(group) * width <= max(TOKENS, 8 * width)
        assert len({min((w for w in WIDTHS if w >= sizes[m]), default=0) for m in group}) == 1


def test_the_widths_are_compiled_once_each_whoever_translates(translator):
    for seed in range(3):
        fresh = Translator(translator.model, translator.params, TOKENIZER, Search(beam=1, slack=11))
        list(fresh(lines(30, 7, seed)))
    assert fresh.find._cache_size() == 1
