"""Compositions by hand, and within the models that look back; concatenation is what it always was."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special

from experiments.tables.translation.captioning import SOFT
from models.attention.scores import Additive, Dot
from models.language.rnn import RNNLM
from models.layers.compositions import Concatenation, GatedSum, Sum
from models.translation.seq2seq import Seq2Seq
from train.parts import override

STATE = jnp.array([[[1.0, -2.0, 0.5], [0.0, 4.0, 3.0]]])
CONTEXT = jnp.array([[[0.5, 2.0, -1.5], [0.0, 0.0, 0.0]]])
SOURCE = jnp.array([[4, 5, 6, 7, 2], [8, 9, 2, 0, 0]])
INPUTS = jnp.array([[1, 4, 5, 6], [1, 7, 8, 0]])
TRANSLATOR = Seq2Seq(vocab_size=11, embed_dim=6, features=8, score=Additive(7), num_layers=2)
READER = RNNLM(11, embed_dim=6, features=4, score=Dot(), window=3)


def gate(bias: float, seed: int | None = None) -> dict:
    """Parameters of a gate over a state of three: one bias for all, and weights that are 0 or drawn."""
    kernel = np.zeros((6, 3)) if seed is None else np.random.default_rng(seed).normal(size=(6, 3))
    return {"params": {"gate": {"kernel": jnp.float32(kernel), "bias": jnp.full(3, bias)}}}


def test_the_context_stands_before_the_state():
    got = Concatenation().apply({}, STATE, CONTEXT)
    np.testing.assert_array_equal(got[0], [[0.5, 2.0, -1.5, 1.0, -2.0, 0.5], [0, 0, 0, 0.0, 4.0, 3.0]])


def test_a_sum_is_the_sum():
    np.testing.assert_array_equal(Sum().apply({}, STATE, CONTEXT)[0], [[1.5, 0.0, -1.0], [0.0, 4.0, 3.0]])


def test_a_gate_is_a_share_for_each_feature():
    params = gate(0.3, seed=0)
    both = np.concatenate([CONTEXT, STATE], axis=-1)
    share = scipy.special.expit(both @ params["params"]["gate"]["kernel"] + 0.3)
    assert share.std() > 0.1
    expected = share * CONTEXT + (1 - share) * STATE
    np.testing.assert_allclose(GatedSum().apply(params, STATE, CONTEXT), expected, rtol=1e-5)


@pytest.mark.parametrize("bias, side", [(200.0, CONTEXT), (-200.0, STATE)], ids=["open", "shut"])
def test_a_gate_at_an_end_gives_one_side_alone_and_its_gradient(bias, side):
    out, pull = jax.vjp(lambda *both: GatedSum().apply(gate(bias), *both), STATE, CONTEXT)
    np.testing.assert_array_equal(out, side)
    of_state, of_context = pull(jnp.ones_like(STATE))
    assert np.all(of_context == (side is CONTEXT)) and np.all(of_state == (side is STATE))


def test_a_gate_begins_near_the_middle():
    params = GatedSum().init(jax.random.key(0), 0.01 * STATE, 0.01 * CONTEXT)
    got = GatedSum().apply(params, 0.01 * STATE, 0.01 * CONTEXT)
    np.testing.assert_allclose(got, 0.005 * (STATE + CONTEXT), atol=1e-3)


@pytest.mark.parametrize(
    "model, given, leaves, total, logits",
    [
        (TRANSLATOR, (SOURCE, INPUTS), 33, 745.2551879882812, [-0.014065442606806755, 0.03349196910858154]),
        (READER, (INPUTS,), 8, 118.91522979736328, [-0.09868708997964859, 0.048700541257858276]),
    ],
    ids=["translator", "reader"],
)
def test_concatenation_has_the_parameters_and_outputs_of_before_there_was_a_choice(
    model, given, leaves, total, logits
):
    """Numbers of the code without the role. Where they were taken all were equal bit for bit."""
    variables = model.init(jax.random.key(0), *given)
    assert len(jax.tree.leaves(variables)) == leaves and "composition" not in variables["params"]
    assert sum(jnp.abs(leaf).sum() for leaf in jax.tree.leaves(variables)) == pytest.approx(total, rel=1e-6)
    np.testing.assert_allclose(model.apply(variables, *given)[1, 2, :2], logits, rtol=1e-4)


def parameters(model, *given) -> dict[str, tuple[int, ...]]:
    """{path: shape}."""
    shapes = jax.eval_shape(model.init, jax.random.key(0), *given)["params"]
    return {
        jax.tree_util.keystr(path, simple=True, separator="/"): leaf.shape
        for path, leaf in jax.tree_util.tree_leaves_with_path(shapes)
    }


@pytest.mark.parametrize("model, given", [(TRANSLATOR, (SOURCE, INPUTS)), (READER, (INPUTS,))])
def test_a_composition_changes_the_readout_and_adds_its_own_weights_alone(model, given):
    width = model.features
    usual = parameters(model, *given)
    for composition, own in (
        (Sum(), {}),
        (
            GatedSum(),
            {"composition/gate/kernel": (2 * width, width), "composition/gate/bias": (width,)},
        ),
    ):
        found = parameters(dataclasses.replace(model, composition=composition), *given)
        assert found == usual | {"readout/kernel": (width, model.embed_dim)} | own


def test_a_readout_of_a_sum_is_one_of_both_with_the_same_weights():
    """W (c + s) = [W; W] [c; s]: with such weights concatenation says what the sum says."""
    variables = TRANSLATOR.init(jax.random.key(3), SOURCE, INPUTS)["params"]
    kernel = variables["readout"]["kernel"][:8]
    with_kernel = lambda kernel: {
        "params": variables | {"readout": variables["readout"] | {"kernel": kernel}}
    }
    summed = dataclasses.replace(TRANSLATOR, composition=Sum())
    got = jax.jit(summed.apply)(with_kernel(kernel), SOURCE, INPUTS)
    expected = jax.jit(TRANSLATOR.apply)(with_kernel(jnp.concatenate([kernel] * 2)), SOURCE, INPUTS)
    np.testing.assert_allclose(got, expected, atol=1e-6)


def test_what_cannot_be_composed_is_refused_in_a_line():
    for model in (TRANSLATOR, READER):
        with pytest.raises(ValueError, match=r"score=None\) looks up no context that composition=GatedSum"):
            dataclasses.replace(model, score=None, composition=GatedSum())
    assert dataclasses.replace(READER, score=None).composition == Concatenation()
    override(SOFT, ["model.composition=GatedSum"]).require()
    narrow = override(SOFT, ["model.composition=Sum", "model.annotator.features=64"])
    with pytest.raises(ValueError, match="one width, not 128 and 64: make them equal"):
        narrow.require()
    override(narrow, ["model.composition=Concatenation"]).require()
