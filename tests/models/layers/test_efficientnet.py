"""EfficientNet-Lite0's convolutions by hand, its shapes, and what a place of it sees."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from models.layers import efficientnet
from models.layers.efficientnet import annotations, blocks, convolved, shapes

DRAW = np.random.default_rng(0)


def drawn():
    """Weights that keep the size of what they are given."""
    return {
        name: {
            "kernel": jnp.asarray(
                DRAW.normal(size=shape, scale=(2 / np.prod(shape[:3])) ** 0.5), jnp.float32
            ),
            "bias": jnp.asarray(DRAW.normal(size=shape[3]), jnp.float32),
        }
        for name, shape in shapes().items()
    }


def test_a_depthwise_convolution_worked_by_hand():
    """Of two channels with a stride of 2: of an even size SAME pads behind alone, by one row and column."""
    x = jnp.asarray(np.stack([np.arange(16).reshape(4, 4), np.ones((4, 4))], -1)[None], jnp.float32)
    kernel = np.zeros((3, 3, 1, 2), np.float32)
    kernel[0, 0, 0], kernel[2, 2, 0] = (1, 1), (2, 1)
    found = convolved({"kernel": jnp.asarray(kernel), "bias": jnp.array([0.0, 10.0])}, x, 2)
    corner = lambda y, z: 4 * y + z + 2 * (4 * (y + 2) + z + 2) if max(y, z) < 2 else 4 * y + z
    np.testing.assert_array_equal(found[0, :, :, 0], [[corner(y, z) for z in (0, 2)] for y in (0, 2)])
    np.testing.assert_array_equal(found[0, :, :, 1], [[12, 11], [11, 11]])


def test_a_full_convolution_mixes_channels():
    x = jnp.asarray(DRAW.normal(size=(1, 2, 2, 3)), jnp.float32)
    kernel = jnp.asarray(DRAW.normal(size=(1, 1, 3, 5)), jnp.float32)
    found = convolved({"kernel": kernel, "bias": jnp.zeros(5)}, x)
    np.testing.assert_allclose(found, jnp.einsum("byxi,io->byxo", x, kernel[0, 0]), rtol=1e-5)


def test_there_are_the_blocks_of_the_paper():
    found = list(blocks())
    assert [block.features for block in found] == [16, 24, 24, 40, 40, 80, 80, 80, 112, 112, 112]
    assert [block.residual for block in found] == [False, False, True, False, True, *[False, True, True] * 2]
    assert np.prod([2, *(block.stride for block in found)]) == efficientnet.SCALE


def test_places_are_16_pixels_apart_and_see_what_is_near(monkeypatch):
    """Of a shallower network: the first two stages, whose places are 4 apart."""
    monkeypatch.setattr(efficientnet, "STAGES", efficientnet.STAGES[:2])
    params, annotate, picture = (
        drawn(),
        jax.jit(annotations),
        jnp.asarray(DRAW.integers(0, 256, (1, 32, 48, 3)), jnp.uint8),
    )
    found = annotate(params, picture)
    assert found.shape == (1, 8, 12, 24)
    changed = annotate(params, picture.at[0, :4, :4].set(255 - picture[0, :4, :4]))
    differs = np.abs(changed - found).max(-1)[0] > 0
    # 3 x 3 at strides 1, 2, 4 and 4 reach 1 + 2 + 2 + 4 .. pixels: four places on at the most.
    assert differs[0, 0] and not differs[5:].any() and not differs[:, 5:].any()


def test_the_whole_network_has_112_channels_of_each_of_7_by_7_places():
    assert jax.eval_shape(annotations, drawn(), jnp.zeros((2, 112, 112, 3), jnp.uint8)).shape == (
        2,
        7,
        7,
        112,
    )


@pytest.mark.parametrize("value, expected", [(-1.0, 0.0), (3.5, 3.5), (7.0, 6.0)])
def test_relu6(value, expected):
    assert efficientnet.relu6(jnp.array(value)) == expected
