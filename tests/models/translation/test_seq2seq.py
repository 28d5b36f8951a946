"""The encoder-decoder contract over cells, scores, depths, directions; attention, bottleneck, sampling."""

import dataclasses
import functools

import jax
import jax.extend
import jax.numpy as jnp
import numpy as np
import pytest

from models.attention.scores import Additive, Bilinear, Dot, ScaledDot
from models.layers.recurrent import GRU, RNN
from models.translation.seq2seq import Seq2Seq

SOURCE = jnp.array([[4, 5, 6, 7, 2], [8, 9, 2, 0, 0]])
INPUTS = jnp.array([[1, 4, 5, 6], [1, 7, 8, 0]])
BASE = Seq2Seq(vocab_size=11, embed_dim=6, features=8, score=Additive(7), dropout=0.5)
MODELS = {
    "lstm-additive": dataclasses.replace(BASE, num_layers=2),
    "gru-bilinear": dataclasses.replace(BASE, cell=GRU(), score=Bilinear(), tied=False),
    "rnn-dot": dataclasses.replace(BASE, cell=RNN(), score=Dot(), bidirectional=False),
    "gru-scaled": dataclasses.replace(BASE, cell=GRU(), score=ScaledDot(), input_feeding=False),
    "lstm-none": dataclasses.replace(BASE, score=None, bidirectional=False),
}
all_models = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


@functools.cache
def variables(model):
    fitted = jax.jit(model.init)(jax.random.key(0), SOURCE, INPUTS)
    return jax.tree.map(lambda p: 2 * p, fitted)  # far enough from zero for the argmax to be decided


@functools.cache
def method(model, name: str):
    apply = jax.jit(functools.partial(model.apply, method=name))
    return functools.partial(apply, variables(model))


def sampled_logits(model, *inputs, **how) -> jax.Array:
    return model.logits(model.sampled(*inputs, **how))


def sampled(model, probability: float) -> jax.Array:
    rngs = {"sampling": jax.random.key(5)}
    apply = jax.jit(functools.partial(model.apply, train=False, method=sampled_logits, rngs=rngs))
    return apply(variables(model), SOURCE, INPUTS, jnp.float32(probability))


@pytest.mark.slow
@all_models
def test_step_by_step_equals_teacher_forcing(model):
    memory = method(model, "encode")(SOURCE)
    carry = model.apply(variables(model), memory, 4, method="start")
    for t, expected in enumerate(method(model, "__call__")(SOURCE, INPUTS).swapaxes(0, 1)):
        logits, carry = method(model, "step")(memory, carry, INPUTS[:, t])
        np.testing.assert_allclose(logits, expected, atol=2e-5)


@all_models
def test_neither_padding_nor_neighbours_change_a_row(model):
    both = method(model, "__call__")(SOURCE, INPUTS)
    shorter = method(model, "__call__")(SOURCE[::-1, :3], INPUTS[::-1])  # the other row is cut, and moved
    np.testing.assert_allclose(both[1], shorter[0], atol=2e-5)
    assert jnp.any(jnp.abs(both[0] - shorter[1]) > 1e-3)


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model.score])
def test_weights_sum_to_one_over_the_real_words(name):
    weights = method(MODELS[name], "attention")(SOURCE, INPUTS)
    assert weights.shape == (2, 1, 1, 4, 5)
    np.testing.assert_allclose(weights.sum(-1), 1.0, atol=1e-6)
    assert jnp.all(weights[1, ..., 3:] == 0) and jnp.all(weights[1, ..., :3] > 0)


def test_context_is_the_states_under_the_weights():
    """With the query cut off from the readout, weights and states alone give the logits."""
    model = MODELS["gru-scaled"]
    params = variables(model)["params"]
    kernel = params["readout"]["kernel"].at[8:].set(0.0)  # of [context; query]
    cut = {"params": {**params, "readout": {**params["readout"], "kernel": kernel}}}
    context = jnp.einsum(
        "BTS,BSE->BTE",
        method(model, "attention")(SOURCE, INPUTS)[:, 0, 0],
        method(model, "encode")(SOURCE).states,
    )
    readout = jnp.tanh(context @ kernel[:8] + params["readout"]["bias"])
    expected = readout @ params["embedding"]["table"].T
    np.testing.assert_allclose(jax.jit(model.apply)(cut, SOURCE, INPUTS), expected, atol=2e-5)


@pytest.mark.parametrize("name", ["gru-bilinear", "lstm-none"])
def test_the_encoder_learns_from_the_decoders_loss(name):
    model = MODELS[name]

    def loss(params):
        return jnp.sum(jax.nn.log_softmax(model.apply({"params": params}, SOURCE, INPUTS))[..., 4])

    grads = jax.jit(jax.grad(loss))(variables(model)["params"])["encoder"]
    assert all(jnp.any(g != 0) for g in jax.tree.leaves(grads))


def test_without_attention_only_the_final_state_crosses():
    model = MODELS["lstm-none"]
    memory = method(model, "encode")(SOURCE)
    assert len(jax.tree.leaves(memory)) == len(jax.tree.leaves(memory.first)) == 2
    read = lambda model, source: model.encoder(model.embedding(source), source != 0)
    final, _ = jax.jit(functools.partial(model.apply, method=read))(variables(model), SOURCE)
    # Of two programs, which need not round alike.
    jax.tree.map(functools.partial(np.testing.assert_allclose, atol=1e-6), memory.first, final)
    with pytest.raises(ValueError, match="no attention to show"):
        model.apply(variables(model), SOURCE, INPUTS, method="attention")


@pytest.mark.parametrize("name", ["lstm-additive", "lstm-none"])
def test_scheduled_sampling_lies_between_forcing_and_greedy(name):
    model = MODELS[name]
    forced = method(model, "__call__")(SOURCE, INPUTS)
    np.testing.assert_allclose(sampled(model, 1.0), forced, atol=1e-6)

    memory = method(model, "encode")(SOURCE)
    carry, token = method(model, "start")(memory), INPUTS[:, 0]
    free = sampled(model, 0.0)
    for t in range(INPUTS.shape[1]):
        logits, carry = method(model, "step")(memory, carry, token)
        np.testing.assert_allclose(free[:, t], logits, atol=2e-5)
        token = jnp.argmax(logits, axis=-1)
    assert jnp.any(jnp.abs(free - forced) > 1e-3)


def multiplications(jaxpr, times: int = 1) -> int:
    """Multiply-adds of all matrix products in a jaxpr, those in a scan as often as it runs."""
    total = 0
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            ((contracted, _), _) = equation.params["dimension_numbers"]
            left, out = equation.invars[0].aval.shape, equation.outvars[0].aval.size
            total += times * out * int(np.prod([left[axis] for axis in contracted]))
        inner = times * equation.params.get("length", 1) if equation.primitive.name == "scan" else times
        total += sum(multiplications(sub, inner) for sub in jax.extend.core.jaxprs_in_params(equation.params))
    return total


def test_scheduled_sampling_costs_at_most_half_as_much_again():
    model = Seq2Seq(vocab_size=8000)
    words, rngs = jnp.ones((64, 20), jnp.int32), {key: jax.random.key(0) for key in ("dropout", "sampling")}
    params = jax.eval_shape(model.init, jax.random.key(0), words, words)

    def cost(method, *probability) -> int:
        def loss(params):
            return model.apply(params, words, words, *probability, train=True, method=method, rngs=rngs).sum()

        return multiplications(jax.make_jaxpr(jax.grad(loss))(params).jaxpr)

    assert 1.2 < cost(sampled_logits, jnp.float32(0.5)) / cost("__call__") <= 1.3


def test_a_model_is_a_value():
    assert BASE == Seq2Seq(vocab_size=11, embed_dim=6, features=8, score=Additive(7), dropout=0.5)
    assert len({BASE, dataclasses.replace(BASE), *MODELS.values()}) == 6
    assert dataclasses.replace(BASE, cell=GRU()).cell == GRU() != BASE.cell


@pytest.mark.parametrize("wrong", [{"features": 7}, {"cell": GRU(16)}])
def test_widths_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match="features="):
        jax.eval_shape(dataclasses.replace(BASE, **wrong).init, jax.random.key(0), SOURCE, INPUTS)


def test_layers_own_their_parameters():
    """Two layers, two directions, (c, h): each counted once."""
    width, embed, key, gates = 8, 6, 7, 4
    half = width // 2
    encoder = 2 * gates * half * ((embed + half + 1) + (width + half + 1))
    bridges = 2 * 2 * width * (width + 1)
    decoder = gates * width * ((embed + embed + width + 1) + (width + width + 1))
    score = width * key + (width + 1) * key + key
    readout = (2 * width + 1) * embed
    counted = sum(p.size for p in jax.tree.leaves(variables(MODELS["lstm-additive"])))
    assert counted == 11 * embed + encoder + bridges + decoder + score + readout
