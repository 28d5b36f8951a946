"""What every encoder-decoder promises to the decoder and the objectives, whatever it is made of."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from small_models import VOCABULARY, one_of_each, small, small_models

from models.attention.positions import ALiBi, Learned, RelativeBias, Rotary
from models.attention.scores import Additive, Bilinear
from models.decoding.search import Search, source_attention
from models.decoding.top_k import log_probs
from models.layers.compositions import GatedSum
from models.layers.recurrent import GRU, RNN
from models.translation.encoder_decoder import EncoderDecoder
from models.translation.seq2seq import Seq2Seq
from models.translation.transformer import Transformer
from train.objectives.next_token import NextTargetToken

SOURCE = jnp.array([[4, 5, 6, 7, 2], [8, 9, 2, 0, 0]])
INPUTS = jnp.array([[1, 10, 11, 12], [1, 12, 10, 13]])  # no word twice in a row, none of the source
RECURRENT, TRANSFORMER = (small(kind(VOCABULARY)) for kind in (Seq2Seq, Transformer))
ROTARY = dataclasses.replace(TRANSFORMER, positions=Rotary(), num_kv_heads=1)
VARIANTS = {  # that no table has
    "gru-bilinear": dataclasses.replace(
        RECURRENT,
        cell=GRU(),
        score=Bilinear(),
        composition=GatedSum(),
        num_layers=1,
        bidirectional=False,
        tied=False,
    ),
    "rnn-none": dataclasses.replace(RECURRENT, cell=RNN(), num_layers=1, score=None),
    "pre-LN-learned": dataclasses.replace(TRANSFORMER, pre_norm=True, positions=Learned(8)),
    "alibi": dataclasses.replace(TRANSFORMER, positions=ALiBi()),
    "relative-bilinear": dataclasses.replace(TRANSFORMER, positions=RelativeBias(8, 10), score=Bilinear()),
    "rotary-grouped": ROTARY,
    "rotary-grouped-additive": dataclasses.replace(ROTARY, pre_norm=True, score=Additive(5)),
}
OF_SENTENCES = {
    name: model for name, model in small_models(EncoderDecoder).items() if model.reads == "sentence pairs"
}
MODELS = OF_SENTENCES | VARIANTS  # what reads pictures has tests/models/translation/test_captioner.py
QUICK = ("gru-bilinear", "pre-LN-learned", "relative-bilinear", "rotary-grouped-additive")
LOOKING = {name: model for name, model in MODELS.items() if model.attends}
KIND = lambda name: type(MODELS[name])
all_models = pytest.mark.parametrize("name", one_of_each(MODELS, KIND, QUICK))
looking = pytest.mark.parametrize("name", one_of_each(LOOKING, KIND, QUICK))


def slope(model, params, batch):
    """The gradient of the loss that it is trained by."""
    loss = lambda params: NextTargetToken(smoothing=0.0).evaluate(model, params, batch)[0]
    return jax.jit(jax.grad(loss))(params)


def astray(exact, rounded) -> float:
    """How far one gradient is from the other, as a share of its length."""
    apart = jax.tree.map(jnp.subtract, exact, rounded)
    return float(optax.tree.norm(apart) / optax.tree.norm(exact))


@functools.cache
def parameters(name: str):
    """Parameters from N(0, 0.25), biases too; float32 whatever the model computes in."""
    shapes = jax.eval_shape(lambda: MODELS[name].init(jax.random.key(0), SOURCE, INPUTS))["params"]
    rng = np.random.default_rng(5)
    return jax.tree.map(lambda p: jnp.asarray(rng.normal(size=p.shape) / 2, p.dtype), shapes)


@functools.cache
def compiled(name: str):
    return jax.jit(MODELS[name].apply)


def logits(name: str, source=SOURCE, inputs=INPUTS) -> np.ndarray:
    return np.asarray(compiled(name)({"params": parameters(name)}, source, inputs))


@pytest.mark.parametrize("name", ["gru-bilinear", "rotary-grouped-additive"])  # one of each class
def test_jit_equals_eager(name):
    eager = MODELS[name].apply({"params": parameters(name)}, SOURCE, INPUTS)
    np.testing.assert_allclose(logits(name), eager, atol=2e-5)


@all_models
def test_step_by_step_on_a_padded_source_equals_teacher_forcing(name):
    """More padding at the source's right and more room than is used: neither may be seen in the logits."""
    apply = functools.partial(MODELS[name].apply, {"params": parameters(name)})

    @jax.jit
    def stepwise(source, inputs):
        memory = apply(source, method="encode")
        carry = apply(memory, inputs.shape[1] + 2, method="start")

        def step(carry, token):
            said, carry = apply(memory, carry, token, method="step")
            return carry, said

        return jax.lax.scan(step, carry, inputs.T)[1].swapaxes(0, 1)

    got = stepwise(np.pad(SOURCE, [(0, 0), (0, 3)]), INPUTS)
    np.testing.assert_allclose(got, logits(name), atol=3e-5)
    longer = np.where(SOURCE == 0, 5, SOURCE)  # words where the padding was do change their row
    assert np.abs(logits(name, longer) - logits(name))[1].max() > 1e-3


@pytest.mark.parametrize("name", ["relative-bilinear", "rotary-grouped-additive", "alibi"])
def test_what_beam_search_scores_is_what_teacher_forcing_says(name):
    """Hypotheses branch and lie side by side in the cache: each total is that of its words, forced."""
    found = jax.device_get(jax.jit(functools.partial(Search(beam=3), MODELS[name]))(parameters(name), SOURCE))
    for row in (0, 1):
        for tokens, total in zip(found.tokens[row], found.log_probabilities[row], strict=True):
            said = tokens[: np.argmax(np.append(tokens, 2) == 2) + 1]  # EOS included
            given = jnp.concatenate([jnp.ones(1, jnp.int32), tokens[:-1]])[None]
            forced = log_probs(jnp.asarray(logits(name, SOURCE[row : row + 1], given)))[0]
            expected = sum(forced[t, token] for t, token in enumerate(said) if token)
            np.testing.assert_allclose(total, expected, rtol=1e-4)


@all_models
def test_rows_are_independent(name):
    np.testing.assert_allclose(logits(name, SOURCE[::-1], INPUTS[::-1]), logits(name)[::-1], atol=2e-5)
    for row in (0, 1):
        twice = jnp.array([row, row])
        alone = logits(name, SOURCE[twice], INPUTS[twice])[0]
        np.testing.assert_allclose(alone, logits(name)[row], atol=2e-5)


@all_models
def test_no_gradient_from_the_future(name):
    """d logits_t / d (input y_s) is there exactly where s <= t, d (source x_s) everywhere: words change."""
    for s in range(4):
        moved = np.abs(logits(name, inputs=INPUTS.at[:, s].set(15)) - logits(name)).max(axis=-1)
        np.testing.assert_array_equal(moved > 0, np.broadcast_to(np.arange(4) >= s, moved.shape))
    for s in range(5):
        moved = np.abs(logits(name, SOURCE.at[:, s].set(15)) - logits(name)).max(axis=-1)
        assert np.all(moved[0] > 0)


@all_models
def test_bfloat16_computes_in_it_and_answers_in_float32(name):
    model = dataclasses.replace(MODELS[name], dtype="bfloat16")
    shapes = jax.eval_shape(lambda: model.init(jax.random.key(0), SOURCE, INPUTS))
    assert {p.dtype for p in jax.tree.leaves(shapes)} == {np.dtype("float32")}
    got = jax.jit(model.apply)({"params": parameters(name)}, SOURCE, INPUTS)
    assert got.dtype == jnp.float32
    rounding = np.abs(got - logits(name)).max() / np.abs(logits(name)).max()
    assert 1e-6 < rounding < 0.1


@pytest.mark.parametrize("name", ["gru-bilinear", "rnn-none"])  # what reads word by word
def test_it_is_trained_in_bfloat16(name):
    model = dataclasses.replace(MODELS[name], dtype="bfloat16")
    batch = {"source": SOURCE, "inputs": INPUTS, "targets": INPUTS, "weights": jnp.ones(INPUTS.shape)}
    assert 1e-6 < astray(*(slope(one, parameters(name), batch) for one in (MODELS[name], model))) < 0.2


@looking
def test_attention_sums_to_one_over_the_words(name):
    look = jax.jit(functools.partial(source_attention, MODELS[name]))
    weights = np.asarray(look(parameters(name), SOURCE, INPUTS))
    layers, heads = (2, 2) if isinstance(MODELS[name], Transformer) else (1, 1)
    assert weights.shape == (2, layers, heads, 4, 5)
    np.testing.assert_allclose(weights.sum(-1), 1.0, atol=1e-5)
    assert np.all(weights[1, ..., 3:] == 0) and np.all(weights[1, ..., :3] > 0)
