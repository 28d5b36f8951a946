"""What every language model promises to the decoder and the objectives, whatever it is made of."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from small_models import VOCABULARY, one_of_each, small, small_models

from models.attention.pointers import Average, Gate
from models.attention.positions import ALiBi, RelativeBias, Rotary
from models.attention.scores import Additive, Bilinear, Dot
from models.decoding.search import Continuation
from models.decoding.top_k import log_probs
from models.language.convolution import ConvolutionLM
from models.language.gpt2 import GPT2
from models.language.gpt2_variants import LocalGPT2
from models.language.language_model import LanguageModel
from models.language.lstmn import LSTMN
from models.language.recurrent_lm import RecurrentLM
from models.language.rnn import RNNLM
from models.language.self_attention import AveragedHeads, ConcatenatedHeads, SelfAttentionLM
from models.language.window import FixedWindowLM
from models.layers.compositions import GatedSum, Sum
from models.layers.recurrent import GRU, RNN
from train.objectives.next_token import NextToken

LENGTH = 7
INPUTS = jnp.array([[1, 10, 11, 12, 4, 9, 6], [1, 12, 10, 13, 5, 4, 7], [1, 5, 14, 4, 8, 13, 9]])
RECURRENT, LOOK, GPT = (small(kind(VOCABULARY)) for kind in (RNNLM, SelfAttentionLM, GPT2))
LONG = dataclasses.replace(RECURRENT, cell=GRU(), score=Dot(), window=20, tied=True)
VARIANTS = {  # that no table has
    "rnn-tied": dataclasses.replace(RECURRENT, cell=RNN(), embed_dim=8, tied=True),
    "lstm-additive": dataclasses.replace(RECURRENT, score=Additive(5), composition=Sum(), window=3),
    "gru-average": dataclasses.replace(LONG, pointer=Average(), composition=GatedSum()),
    "lstm-gate": dataclasses.replace(RECURRENT, score=Bilinear(), window=3, pointer=Gate()),
    "lstmn-deep": LSTMN(
        VOCABULARY, GRU(), embed_dim=6, features=8, num_layers=2, dropout=0.5, score=Bilinear(), window=3
    ),
    "window-one": dataclasses.replace(small(FixedWindowLM(VOCABULARY)), window=1, direct=True),
    "convolution": ConvolutionLM(VOCABULARY, kernel=3, features=8, num_layers=2, dilated=False, dropout=0.5),
    "convolution-dilated": ConvolutionLM(VOCABULARY, kernel=2, features=8, num_layers=2, dropout=0.5),
    "averaged-window": dataclasses.replace(LOOK, heads=AveragedHeads(2), positions=ALiBi(), window=4),
    "multi-head-rotary": dataclasses.replace(LOOK, heads=ConcatenatedHeads(2, 8), positions=Rotary()),
    "gpt2-grouped-relative": dataclasses.replace(GPT, num_kv_heads=1, positions=RelativeBias(8, 10)),
    "gpt2-additive-grouped-rotary": dataclasses.replace(
        GPT, score=Additive(5), num_kv_heads=1, positions=Rotary()
    ),
    "gpt2-bilinear-alibi": dataclasses.replace(GPT, score=Bilinear(), positions=ALiBi()),
    "gpt2-dot": dataclasses.replace(GPT, score=Dot()),
}
MODELS = small_models(LanguageModel) | VARIANTS
BRANCHING = ["lstm-gate", "lstmn-deep", "convolution-dilated", "averaged-window", "gpt2-grouped-relative"]
BRANCHING += ["gpt2-additive-grouped-rotary", "gpt2-bilinear-alibi"]
KIND = lambda name: type(MODELS[name])
all_models = pytest.mark.parametrize("name", one_of_each(MODELS, KIND, BRANCHING))
READERS = {name: model for name, model in MODELS.items() if isinstance(model, RecurrentLM)}


def reach(name: str) -> int:
    """How many words, the last included, a state is made of."""
    model = MODELS[name]
    if isinstance(model, ConvolutionLM):
        return 1 + sum((model.kernel - 1) * dilation for dilation in model.dilations)
    if isinstance(model, LocalGPT2):
        return 1 + model.num_layers * (model.window - 1)
    if isinstance(model, FixedWindowLM | SelfAttentionLM):
        return model.window or LENGTH
    return LENGTH


def slope(model, params):
    """The gradient of the loss that it is trained by."""
    batch = {"inputs": INPUTS, "targets": INPUTS[:, ::-1], "weights": jnp.ones(INPUTS.shape)}
    loss = lambda params: NextToken().evaluate(model, params, batch)[0]
    return jax.jit(jax.grad(loss))(params)


def astray(exact, rounded) -> float:
    """How far one gradient is from the other, as a share of its length."""
    apart = jax.tree.map(jnp.subtract, exact, rounded)
    return float(optax.tree.norm(apart) / optax.tree.norm(exact))


@functools.cache
def parameters(name: str):
    """Parameters from N(0, 0.25), biases too; float32 whatever the model computes in."""
    shapes = jax.eval_shape(lambda: MODELS[name].init(jax.random.key(0), INPUTS))["params"]
    rng = np.random.default_rng(5)
    return jax.tree.map(lambda p: jnp.asarray(rng.normal(size=p.shape) / 2, p.dtype), shapes)


@functools.cache
def compiled(name: str):
    return jax.jit(MODELS[name].apply)


def logits(name: str, inputs=INPUTS) -> np.ndarray:
    return np.asarray(compiled(name)({"params": parameters(name)}, inputs))


@functools.cache
def continued(name: str):
    """Logits after each of the last tokens of each row, the first lengths[b] of them read at once."""
    apply = functools.partial(MODELS[name].apply, {"params": parameters(name)})

    @jax.jit
    def compute(inputs, lengths):
        # A prompt is what stands in `inputs`; behind it there is whatever padding may be.
        prompts = jnp.where(jnp.arange(4) < lengths[:, None], inputs[:, :4], 3)
        carry = apply(len(inputs), LENGTH + 2, method="start")
        first, carry = apply(carry, prompts, lengths, method="prefill")

        def step(carry, index):
            token = jnp.take_along_axis(inputs, (lengths + index)[:, None], axis=1, mode="clip")[:, 0]
            said, carry = apply(carry, token, method="step")
            return carry, said

        _, rest = jax.lax.scan(step, carry, jnp.arange(LENGTH - 1))
        return jnp.concatenate([first[:, None], rest.swapaxes(0, 1)], axis=1)

    return compute


@all_models
@pytest.mark.parametrize("lengths", [(4, 1, 2), (1, 3, 4), (3, 3, 3)], ids=str)
def test_prompts_of_unlike_length_and_steps_equal_one_pass(name, lengths):
    got = continued(name)(INPUTS, jnp.array(lengths))
    for row, length in enumerate(lengths):
        expected = logits(name)[row, length - 1 :]
        # Rounding grows with what is added up: without layer norms logits come to 70.
        largest = max(np.abs(expected).max(), 4)
        np.testing.assert_allclose(got[row, : len(expected)], expected, rtol=0, atol=5e-6 * largest)


@all_models
def test_rows_are_independent(name):
    np.testing.assert_allclose(logits(name, INPUTS[::-1]), logits(name)[::-1], atol=2e-5)
    lengths = jnp.array([4, 1, 2])
    there, back = continued(name)(INPUTS, lengths), continued(name)(INPUTS[::-1], lengths[::-1])
    np.testing.assert_allclose(there[:, :3], back[::-1, :3], atol=2e-5)
    changed = logits(name, INPUTS.at[1, 0].set(2))
    np.testing.assert_array_equal(changed[[0, 2]], logits(name)[[0, 2]])
    assert np.all(np.abs(changed - logits(name))[1, : reach(name)].max(axis=-1) > 1e-4)


@all_models
def test_no_gradient_from_the_future(name):
    """d logits_t / d (input y_s) is there exactly where s <= t and in reach: y_s becomes another word."""
    for s in range(LENGTH):
        moved = np.abs(logits(name, INPUTS.at[:, s].set(15)) - logits(name)).max(axis=-1)
        distance = np.broadcast_to(np.arange(LENGTH) - s, moved.shape)
        np.testing.assert_array_equal(moved > 0, (distance >= 0) & (distance < reach(name)))


@pytest.mark.parametrize("name", one_of_each(READERS, KIND, ["gru-average", "lstm-gate", "lstmn-deep"]))
def test_chunks_of_any_length_are_one_reading(name):
    def read(model, carry, inputs):
        states, carry = model.read(carry, inputs)
        return model.logits(states), carry

    model, variables = MODELS[name], {"params": parameters(name)}
    apply = jax.jit(functools.partial(model.apply, variables, method=read))
    carry, said = model.apply(variables, len(INPUTS), 0, method="start"), []
    for chunk in jnp.split(INPUTS, [3, 4], axis=1):
        part, carry = apply(carry, chunk)
        said.append(part)
    np.testing.assert_allclose(np.concatenate(said, axis=1), logits(name), atol=2e-5)


@pytest.mark.parametrize("name", BRANCHING)
def test_what_beam_search_scores_is_what_one_pass_says(name):
    """The carry follows hypotheses that branch: each total is that of its words read at once."""
    prompts, lengths, room = INPUTS[:, :3], jnp.array([3, 1, 2]), 5
    search = jax.jit(functools.partial(Continuation(length=room, beam=3), MODELS[name]))
    found = jax.device_get(search(parameters(name), prompts, lengths, jnp.full(3, room)))
    assert len({tuple(tokens) for tokens in found.tokens[0].tolist()}) == 3
    for row, length in enumerate(lengths.tolist()):
        for tokens, total in zip(found.tokens[row], found.log_probabilities[row], strict=True):
            said = tokens[: np.argmax(np.append(tokens, 2) == 2) + 1]  # EOS included
            text = jnp.concatenate([prompts[row, :length], tokens])[None]
            whole = jnp.pad(text, ((0, 0), (0, 8 - text.shape[1])))
            given = log_probs(compiled(name)({"params": parameters(name)}, whole))[0, length - 1 :]
            expected = sum(given[t, token] for t, token in enumerate(said))
            np.testing.assert_allclose(total, expected, rtol=1e-4)


@all_models
def test_bfloat16_computes_in_it_and_answers_in_float32(name):
    model = dataclasses.replace(MODELS[name], dtype="bfloat16")
    shapes = jax.eval_shape(lambda: model.init(jax.random.key(0), INPUTS))
    assert {p.dtype for p in jax.tree.leaves(shapes)} == {np.dtype("float32")}
    got = jax.jit(model.apply)({"params": parameters(name)}, INPUTS)
    assert got.dtype == jnp.float32
    rounding = np.abs(got - logits(name)).max() / np.abs(logits(name)).max()
    assert 1e-6 < rounding < 0.1


@pytest.mark.parametrize("name", ["lstm-gate", "lstmn-deep", "gru-average", "window-one", "averaged-window"])
def test_it_is_trained_in_bfloat16(name):
    model = dataclasses.replace(MODELS[name], dtype="bfloat16")
    assert 1e-6 < astray(*(slope(one, parameters(name)) for one in (MODELS[name], model))) < 0.2


@pytest.mark.parametrize("name", [*BRANCHING, "gru-average", "window-one"])  # one of each class and more
def test_jit_equals_eager_and_dropout_follows_its_key(name):
    apply = functools.partial(MODELS[name].apply, {"params": parameters(name)}, INPUTS)
    np.testing.assert_allclose(logits(name), apply(), atol=2e-5)
    trained = jax.jit(lambda seed: apply(train=True, rngs={"dropout": jax.random.key(seed)}))
    assert jnp.any(trained(0) != trained(1)) and jnp.all(trained(0) == trained(0))
