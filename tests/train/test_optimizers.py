"""Rates against closed forms, updates against the published algorithms in numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from models.translation.transformer import Transformer
from train.optimizers import Adam, Constant, Cosine, InverseSqrt, Plateau, Sgd, Staircase, decays


@pytest.mark.parametrize("update", [0, 1, 99, 3998, 3999, 4000, 100_000])
def test_inverse_sqrt_is_the_papers_rate(update):
    schedule, n = InverseSqrt(peak=1 / np.sqrt(512 * 4000), warmup=4000), update + 1
    papers = 512**-0.5 * min(n**-0.5, n * 4000**-1.5)
    assert float(schedule(jnp.int32(update))) == pytest.approx(papers, rel=1e-6)
    assert float(schedule(jnp.int32(3999))) == pytest.approx(7.0e-4, rel=2e-3)


def test_without_warm_up_the_rate_begins_at_its_peak():
    rate = InverseSqrt(peak=0.5, warmup=0)
    assert [float(rate(jnp.int32(update))) for update in (0, 3)] == [0.5, 0.25]


def test_cosine_rises_turns_and_ends():
    schedule = Cosine(peak=2.0, warmup=10, steps=110, final=0.1)
    rates = [float(schedule(jnp.int32(update))) for update in range(130)]
    assert rates[:10] == pytest.approx([0.2 * n for n in range(1, 11)])
    assert rates[10] == pytest.approx(2.0)
    assert rates[60] == pytest.approx(2.0 * (0.1 + 0.9 / 2))
    assert rates[85] == pytest.approx(2.0 * (0.1 + 0.9 * (1 - np.sqrt(0.5)) / 2))
    assert rates[110:] == pytest.approx([0.2] * 20)
    assert all(np.diff(rates[10:111]) < 0)


def test_cosine_without_warm_up_begins_at_its_peak():
    assert float(Cosine(peak=3.0, warmup=0, steps=10)(jnp.int32(0))) == pytest.approx(3.0)


@pytest.mark.parametrize("schedule", [Constant(peak=0.5, warmup=4), Plateau(peak=0.5, warmup=4)])
def test_constant_is_constant_after_its_warm_up(schedule):
    rates = [float(schedule(jnp.int32(update))) for update in (0, 1, 3, 4, 1000)]
    assert rates == pytest.approx([0.125, 0.25, 0.5, 0.5, 0.5])
    assert float(Constant(peak=0.5)(jnp.int32(0))) == 0.5


def walk(optimizer, params, gradients, rate):
    """Parameters after one update a gradient."""
    direction = optimizer.direction()
    state = direction.init(params)
    for gradient in gradients:
        update, state = direction.update(gradient, state, params)
        params = jax.tree.map(lambda p, u: p - rate * u, params, update)
    return params


def draw(seed, shape=(3, 4)):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_adam_is_algorithm_one_and_decay_is_decoupled(decay):
    beta1, beta2, epsilon, rate = 0.8, 0.95, 1e-3, 0.1
    start, gradients = draw(0), [draw(seed) for seed in (1, 2, 3)]
    theta, m, v = start.astype(np.float64), 0.0, 0.0
    for t, g in enumerate(gradients, 1):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        theta = theta - rate * (m_hat / (np.sqrt(v_hat) + epsilon) + decay * theta)
    optimizer = Adam(beta1=beta1, beta2=beta2, epsilon=epsilon, decay=decay)
    found = walk(optimizer, {"kernel": start}, [{"kernel": g} for g in gradients], rate)
    np.testing.assert_allclose(found["kernel"], theta, rtol=2e-6, atol=1e-6)


def test_sgd_steps_along_the_gradient():
    found = walk(Sgd(), {"kernel": draw(0)}, [{"kernel": draw(1)}], rate=0.5)
    np.testing.assert_allclose(found["kernel"], draw(0) - 0.5 * draw(1), rtol=1e-6)


def test_momentum_remembers():
    first, second = draw(1), draw(2)
    found = walk(Sgd(momentum=0.9), {"w": draw(0)}, [{"w": first}, {"w": second}], rate=0.5)
    expected = draw(0) - 0.5 * first - 0.5 * (0.9 * first + second)
    np.testing.assert_allclose(found["w"], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("norm", [0.5, 100.0])
def test_clipping_limits_the_norm_over_all_parameters(norm):
    gradient = {"a": draw(1), "b": draw(2, (5,))}
    length = np.sqrt(sum((leaf**2).sum() for leaf in gradient.values()))
    direction = Sgd(clip=norm).direction()
    update, _ = direction.update(gradient, direction.init(gradient))
    for name, leaf in gradient.items():
        np.testing.assert_allclose(update[name], leaf * min(1, norm / length), rtol=1e-5)
    assert float(optax.tree.norm(update)) <= norm * 1.00001


def test_biases_and_layer_norms_do_not_decay():
    model, ids = Transformer(12, 8, 8, 2, 1, 1, pre_norm=True), jnp.ones((1, 3), jnp.int32)
    params = jax.eval_shape(lambda: model.init(jax.random.key(0), ids, ids)["params"])
    flat = {jax.tree_util.keystr(path): kept for path, kept in jax.tree.leaves_with_path(decays(params))}
    assert {name for name, kept in flat.items() if not kept} == {
        name for name in flat if name.endswith(("['bias']", "['scale']"))
    }
    assert any("key_value" in name and "bias" in name for name in flat)
    assert flat["['embedding']['table']"]
    assert not decays({"encoder": {"bias_3": 0.0}})["encoder"]["bias_3"]  # one of several in a module
    still = {"norm": {"scale": draw(0, (4,)), "bias": draw(1, (2, 4))}, "dense": {"kernel": draw(2)}}
    found = walk(Adam(decay=0.5), still, [jax.tree.map(np.zeros_like, still)], rate=0.1)
    np.testing.assert_array_equal(found["norm"]["scale"], still["norm"]["scale"])
    np.testing.assert_array_equal(found["norm"]["bias"], still["norm"]["bias"])
    np.testing.assert_allclose(found["dense"]["kernel"], 0.95 * still["dense"]["kernel"], rtol=1e-6)


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        (InverseSqrt, {"peak": -1.0, "warmup": -1}),
        (Cosine, {"peak": np.inf, "warmup": -1, "steps": 0, "final": 1.5}),
        (Constant, {"peak": np.nan, "warmup": 0.5}),
        (Staircase, {"peak": -1.0, "flat": -1, "every": 0, "factor": 0.0}),
        (Plateau, {"factor": 1.5, "patience": 0}),
        (Sgd, {"momentum": 1.0, "clip": -1.0, "schedule": 0.1}),
        (Adam, {"beta1": 1.0, "beta2": -0.1, "epsilon": 0.0, "decay": -1e-2, "clip": 0.0}),
    ],
)
def test_what_no_optimizer_can_use_is_refused_in_a_line_that_names_the_field(part, fields):
    for field, value in fields.items():
        with pytest.raises(ValueError, match=f"^{part.__name__}.{field} takes [^\n]*$"):
            part(**{field: value})
