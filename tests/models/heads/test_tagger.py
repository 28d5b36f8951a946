"""Taggers and their encoders: padding, spelling, unknown words, other encoders, the majority tag."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.baselines.majority_tag import MajorityTag
from models.encoders.words import BagOfWords, WordLSTM
from models.heads.tagger import Tagger
from models.layers import crf
from models.layers.spelling import FILL, Capitals, SpellingCNN, SpellingLSTM

SPELLINGS = (Capitals(3), SpellingCNN(4, 3), SpellingLSTM(4, 3))
named = {"ids": lambda part: type(part).__name__}


def spelled(*words: str, width: int = 8) -> np.ndarray:
    """As data/tokenizers/characters.py has them; "" is padding."""
    ids = np.zeros((len(words), width), np.int32)
    for row, word in zip(ids, words, strict=True):
        if word:
            row[:] = FILL
            row[: len(word) + 2] = [259, *(ord(letter) + 1 for letter in word), 260]
    return ids


INPUTS = jnp.array([[1, 9, 5, 2], [1, 7, 2, 0]])
CHARACTERS = jnp.array([spelled("<", "Wien", "ab", ">"), spelled("<", "aBc", ">", "")])


@pytest.mark.parametrize("spelling", SPELLINGS, **named)
def test_how_far_a_word_is_filled_up_changes_nothing_and_padding_is_nothing(spelling):
    words = "Wien", "IBM", "o'clock", ""
    narrow, wide = jnp.array(spelled(*words, width=9)), jnp.array(spelled(*words, width=13))
    params, apply = jax.jit(spelling.init)(jax.random.key(0), narrow), jax.jit(spelling.apply)
    params = jax.tree.map(lambda p: p + np.random.default_rng(0).normal(0, 0.3, p.shape).astype("f"), params)
    found = apply(params, narrow)
    np.testing.assert_allclose(found, apply(params, wide), atol=1e-6)
    assert jnp.all(found[3] == 0) and len(np.unique(np.asarray(found), axis=0)) == 4
    np.testing.assert_allclose(apply(params, narrow[None])[0], found, atol=1e-6)


def test_capitals_are_of_four_kinds():
    words = "wien", "Wien", "WIEN", "W", "iPhone", "U.N.", "1996", ".", "McDonald"
    spelling, ids = Capitals(2), jnp.array(spelled(*words, width=12))
    table = jnp.arange(8.0).reshape(4, 2)
    found = spelling.apply({"params": {"embedding": {"table": table}}}, ids)[:, 0] / 2
    assert found.tolist() == [0, 2, 1, 2, 3, 1, 0, 0, 2]


@pytest.mark.parametrize("width", [2, 3])
def test_the_spelling_cnn_follows_its_equation(width):
    spelling, ids = SpellingCNN(4, 3, width), jnp.array(spelled("Wien"))
    params = spelling.init(jax.random.key(0), ids)["params"]
    params = params | {"bias": jnp.array([0.1, -0.2, 0.3, 0.0])}
    letters = np.asarray(params["table"])[ids[0, :6]]
    places = []
    for place in range(6):
        total = np.array(params["bias"])
        for j in range(width):
            at = place + j - width // 2
            if 0 <= at < 6:
                total = total + letters[at] @ np.asarray(params["kernel"])[j]
        places.append(np.maximum(total, 0))
    np.testing.assert_allclose(spelling.apply({"params": params}, ids)[0], np.max(places, axis=0), atol=1e-5)


def test_the_spelling_lstm_ends_at_both_ends_of_the_word():
    spelling, word = SpellingLSTM(4, 3), jnp.array(spelled("Wien", width=6))
    params, apply = jax.jit(spelling.init)(jax.random.key(0), word), jax.jit(spelling.apply)
    whole = apply(params, word)[0]
    # Either direction has read all of the word: a letter at one end changes what stands at the other.
    for place, letter in ((1, "X"), (4, "x")):
        changed = apply(params, word.at[0, place].set(ord(letter) + 1))[0]
        assert jnp.all(jnp.abs(changed - whole) > 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("encoder", [WordLSTM(0, 5, 4, spelling=SPELLINGS[1]), WordLSTM(0, 5, 4)], **named)
def test_padding_changes_no_logit_and_no_gradient(encoder):
    model = Tagger(10, encoder, classes=3, crf=True)
    params = jax.jit(model.init)(jax.random.key(0), INPUTS, None, CHARACTERS)
    wider = jnp.pad(INPUTS, [(0, 1), (0, 2)]), jnp.pad(CHARACTERS, [(0, 1), (0, 2), (0, 0)])

    @jax.jit
    def everything(params, inputs, characters):
        def loss(params):
            told = inputs, None, characters, inputs % 3, inputs > 2
            return -model.apply(params, *told, method="log_likelihood").sum()

        return model.apply(params, inputs, None, characters), jax.grad(loss)(params)

    (logits, gradient), (padded, same) = everything(params, INPUTS, CHARACTERS), everything(params, *wider)
    np.testing.assert_allclose(padded[:2, :4][INPUTS > 0], logits[INPUTS > 0], atol=1e-6)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), gradient, same)
    assert any(jnp.any(leaf != 0) for leaf in jax.tree.leaves(gradient["params"]["encoder"]))


@pytest.mark.slow
def test_a_tagger_with_a_random_field_knows_its_sequences():
    model = Tagger(10, BagOfWords(0, 4), classes=3, crf=True)
    variables = jax.jit(model.init)(jax.random.key(0), INPUTS)
    chain = crf.Chain(*(variables["params"][name] for name in ("between", "first", "last")))
    logits, mask = model.apply(variables, INPUTS), INPUTS > 2
    np.testing.assert_allclose(
        model.apply(variables, INPUTS, None, None, INPUTS % 3, mask, method="log_likelihood"),
        crf.log_likelihood(logits, INPUTS % 3, mask, chain),
        rtol=1e-6,
    )
    allowed = jnp.ones((4, 4), bool).at[3, 1].set(False).at[3, 2].set(False)
    best = model.apply(variables, INPUTS, None, None, mask, allowed, method="best")
    assert jnp.array_equal(best, crf.viterbi(logits, mask, chain.only(allowed))) and jnp.all(best[:, 1] == 0)


def test_without_a_random_field_each_tag_is_the_likeliest_by_itself():
    model = Tagger(10, BagOfWords(0, 4), classes=3)
    variables = jax.jit(model.init)(jax.random.key(0), INPUTS)
    assert set(variables["params"]) == {"encoder", "output"}
    best = model.apply(variables, INPUTS, None, None, INPUTS > 2, jnp.zeros((4, 4), bool), method="best")
    expected = jnp.where(INPUTS > 2, model.apply(variables, INPUTS).argmax(-1), 0)
    assert jnp.array_equal(best, expected)


def test_a_word_encoder_reads_words_spelling_and_context():
    encoder = WordLSTM(10, 5, 4, spelling=SpellingCNN(6, 3), contextual=WordLSTM(0, 3, 2))
    variables = jax.jit(encoder.init)(jax.random.key(0), INPUTS, None, CHARACTERS)
    params, apply = variables["params"], jax.jit(encoder.apply)
    assert params["contextual"]["embedding"]["table"].shape == (10, 3)
    assert params["stack"]["layers_0"]["forward"]["cell"]["input"]["kernel"].shape == (5 + 6 + 4, 16)
    states = apply(variables, INPUTS, None, CHARACTERS)
    other = apply(variables, INPUTS, None, CHARACTERS.at[0, 1, 2].set(99))
    assert jnp.any(states[0] != other[0]) and jnp.array_equal(states[1], other[1])
    forward = WordLSTM(10, 5, 4, bidirectional=False)
    variables, apply = jax.jit(forward.init)(jax.random.key(0), INPUTS), jax.jit(forward.apply)
    changed = apply(variables, INPUTS.at[0, 2].set(6)) - apply(variables, INPUTS)
    assert jnp.all(changed[0, :2] == 0) and jnp.any(changed[0, 2] != 0)


def test_the_majority_tag_is_what_a_word_had_most_often():
    batch = {
        "inputs": np.array([[1, 5, 6, 5, 2], [1, 5, 7, 8, 2]]),
        "targets": np.array([[0, 1, 0, 1, 0], [0, 0, 2, 2, 0]]),
        "weights": np.array([[0, 1, 1, 1, 0], [0, 1, 1, 1, 0]], np.float32),
    }
    model = MajorityTag(vocab_size=9, classes=3)
    params = model.fit(batch)
    logits = model.logits(params, {"inputs": np.array([[1, 5, 6, 7], [8, 3, 4, 0]])})
    best = logits.argmax(axis=-1)
    assert best[0, 1:].tolist() == [1, 0, 2]
    assert best[1, :2].tolist() == [2, 2]  # 6, 7, 8 were seen once: 0, 2, 2
    np.testing.assert_allclose(np.exp(params["logs"]).sum(axis=1), 1, rtol=1e-6)
    # p(tag) = (2, 2, 2) / 6 smoothed by one each; word 5 had tag 1 twice of three times.
    share = 3 / 9
    expected = [
        (2 + share) / 4,
        (1 + share) / 2,
        (2 + share) / 4,
        (1 + share) / 4,
        (1 + share) / 2,
        (1 + share) / 2,
    ]
    np.testing.assert_allclose(np.exp(model.log_probabilities(params, batch)), expected, rtol=1e-5)
