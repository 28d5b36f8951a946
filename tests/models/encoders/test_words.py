"""Encoders of texts: what each state is, by loops in numpy; padding changes nothing and learns nothing."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from random_parameters import scattered

from models.encoders.words import BagOfWords, Convolutions, WordLSTM
from models.language.rnn import RNNLM

ENCODERS = (
    BagOfWords(vocab_size=20, embed_dim=6),
    Convolutions(vocab_size=20, embed_dim=6, maps=4, widths=(1, 2, 3, 5)),
    WordLSTM(vocab_size=20, embed_dim=6, features=5, num_layers=2),
    WordLSTM(vocab_size=20, embed_dim=6, features=5, bidirectional=False),
)
IDS = jnp.array([[5, 6, 7, 8, 9, 6], [7, 7, 11, 0, 0, 0], [4, 0, 0, 0, 0, 0]])
each = pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: type(encoder).__name__)


def drawn(module, *inputs, seed=0):
    """Parameters from N(0, 0.25)."""
    return scattered(module.init(jax.random.key(seed), *inputs)["params"], seed + 1, 0.5)


@pytest.mark.slow
@each
def test_states_of_padding_are_zero_and_padding_changes_no_state(encoder):
    params = drawn(encoder, IDS)
    states = encoder.apply({"params": params}, IDS)
    assert not states[IDS == 0].any() and (states[IDS != 0] != 0).any(axis=-1).all()
    alone = encoder.apply({"params": params}, IDS[1:2, :3])
    np.testing.assert_allclose(states[1:2, :3], alone, atol=1e-6)
    wider = encoder.apply({"params": params}, jnp.pad(IDS, [(0, 0), (0, 4)]))
    np.testing.assert_allclose(wider[:, :6], states, atol=1e-6)


@each
def test_padding_has_no_gradient_and_no_share_in_any(encoder):
    params = drawn(encoder, IDS)
    loss = lambda params, ids: jnp.sum(jnp.sin(encoder.apply({"params": params}, ids)))
    gradient = jax.grad(loss)(params, IDS)
    table = gradient["embedding"]["table"]
    used = np.unique(IDS[IDS != 0])
    assert not table[0].any() and table[used].any(axis=-1).all()
    wider = jax.grad(loss)(params, jnp.pad(IDS, [(0, 2), (0, 4)]))
    jax.tree.map(lambda one, two: np.testing.assert_allclose(one, two, atol=1e-5), gradient, wider)


@pytest.mark.slow
@each
def test_dropout_falls_in_training_only(encoder):
    encoder = encoder.clone(dropout=0.5)
    params = drawn(encoder, IDS)
    apply = lambda train: encoder.apply(
        {"params": params}, IDS, train=train, rngs={"dropout": jax.random.key(1)}
    )
    assert (apply(False) != apply(True)).any()
    np.testing.assert_array_equal(apply(False), encoder.clone(dropout=0.0).apply({"params": params}, IDS))
    assert not apply(True)[IDS == 0].any()


def test_convolutions_are_windows_about_each_word():
    """h_t = relu(sum_j W_j x_(t - k // 2 + j) + b) with zeros beyond both ends, by loops."""
    encoder = ENCODERS[1]
    params = drawn(encoder, IDS)
    states = encoder.apply({"params": params}, IDS)
    for row, length in enumerate((6, 3, 1)):
        words = np.asarray(params["embedding"]["table"])[np.asarray(IDS[row, :length])]
        for t in range(length):
            expected = []
            for index, width in enumerate(encoder.widths):
                kernel = np.asarray(params[f"filters_{index}"]["kernel"]).reshape(6, width, 4)
                total = np.asarray(params[f"bias_{width}"]).copy()
                for j in range(width):
                    place = t - width // 2 + j
                    if 0 <= place < length:
                        total += words[place] @ kernel[:, j]
                expected.append(np.maximum(total, 0.0))
            np.testing.assert_allclose(states[row, t], np.concatenate(expected), atol=1e-5)


def test_a_filter_begins_with_the_variance_of_one_dense_layer():
    encoder = Convolutions(vocab_size=20, embed_dim=64, maps=256, widths=(4,))
    kernel = encoder.init(jax.random.key(0), IDS)["params"]["filters_0"]["kernel"]
    assert kernel.std() == pytest.approx((4 * 64) ** -0.5, rel=0.05)


def test_a_bag_knows_of_no_order():
    encoder = ENCODERS[0]
    params = drawn(encoder, IDS)
    states = encoder.apply({"params": params}, IDS)
    np.testing.assert_array_equal(states[0, 1], states[0, 5])  # the same word
    turned = encoder.apply({"params": params}, IDS[:, ::-1])
    np.testing.assert_array_equal(turned[:, ::-1], states)


@pytest.mark.slow
def test_both_directions_see_the_whole_text_and_one_its_beginning():
    for bidirectional in (True, False):
        encoder = ENCODERS[2].clone(bidirectional=bidirectional)
        params = drawn(encoder, IDS)
        before = encoder.apply({"params": params}, IDS)
        after = encoder.apply({"params": params}, IDS.at[0, 4].set(3))
        assert (before[0, 4:] != after[0, 4:]).any(axis=-1).all()
        changed = (before[0, :4] != after[0, :4]).any(axis=-1)
        assert changed.all() if bidirectional else not changed.any()


def test_in_one_direction_it_begins_with_what_a_language_model_has_learnt():
    model = RNNLM(vocab_size=20, embed_dim=6, features=5, num_layers=2)
    encoder = WordLSTM(vocab_size=20, embed_dim=6, features=5, num_layers=2, bidirectional=False)
    params = drawn(model, IDS)
    own = encoder.init(jax.random.key(0), IDS)["params"]
    taken = {name: params[name] for name in own}
    assert jax.tree.map(jnp.shape, taken) == jax.tree.map(jnp.shape, own)
    states = encoder.apply({"params": taken}, IDS[:1])
    np.testing.assert_allclose(states, model.apply({"params": params}, IDS[:1], method="states"), atol=1e-6)
