"""Counts against those made by hand."""

import jax
import jax.numpy as jnp
import pytest

from train.flops import count

A, B = jnp.ones((3, 5)), jnp.ones((5, 7))


def test_a_product_is_two_operations_a_term():
    assert count(jnp.matmul, A, B) == 2 * 3 * 5 * 7
    assert (
        count(lambda a, b: jnp.einsum("bij,bjk->bik", a, b), jnp.ones((4, 3, 5)), jnp.ones((4, 5, 7))) == 840
    )


def test_a_convolution_is_a_product_at_each_place():
    x, layout = jnp.ones((2, 20, 16)), ("NWC", "WIO", "NWC")
    for groups in (1, 4):
        kernel = jnp.ones((7, 16 // groups, 32))
        convolved = lambda x, kernel, groups=groups: jax.lax.conv_general_dilated(
            x, kernel, (1,), "VALID", dimension_numbers=layout, feature_group_count=groups
        )
        assert count(convolved, x, kernel) == 2 * (2 * 14 * 32) * 7 * 16 / groups


def test_its_gradient_is_two_products_more():
    loss = lambda a, b: (a @ b).sum()
    assert count(loss, A, B) == 210 + 21
    assert count(jax.value_and_grad(loss, (0, 1)), A, B) == pytest.approx(3 * 210 + 21, abs=21)


def test_a_scan_counts_as_often_as_it_runs_also_backwards():
    def read(w, length):
        return jax.lax.scan(lambda h, _: (jnp.tanh(h @ w), None), jnp.ones((2, 8)), None, length)[0].sum()

    w = jnp.ones((8, 8))
    once = 2 * 2 * 8 * 8 + 2 * 8
    assert count(lambda w: read(w, 6), w) == pytest.approx(6 * once, abs=2 * 8)
    short, long = (count(jax.grad(lambda w, n=n: read(w, n)), w) for n in (10, 20))
    assert long - short == pytest.approx(short, rel=0.1)


def test_inside_jit_and_custom_rules_it_counts_too_and_moving_numbers_is_free():
    assert count(jax.jit(jnp.matmul), A, B) == count(jnp.matmul, A, B)
    assert count(jax.checkpoint(jnp.matmul), A, B) == 210
    assert count(lambda a: a.T.reshape(-1)[None], A) == 0
    assert count(lambda a: jnp.exp(a) + 1, A) == 2 * 15
    assert count(lambda a: a.sum(), A) == 15


def test_a_branch_counts_as_its_dearest_arm():
    branch = lambda a: jax.lax.cond(a.sum() > 0, lambda a: jnp.exp(a) * a, lambda a: a + 1, a)
    assert count(branch, A) - count(lambda a: a.sum() > 0, A) == pytest.approx(2 * 15, abs=1)
