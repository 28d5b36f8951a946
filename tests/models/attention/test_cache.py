"""Where keys and values are written, and whose history a hypothesis sees after its ancestors branched."""

import jax.numpy as jnp
import numpy as np

from models.attention.cache import KeyValue, KVCache


def told(numbers) -> KeyValue:
    """Keys and values [B 1 1 T] and [B 1 T 1] that are the numbers [B T] and their doubles."""
    numbers = jnp.asarray(numbers, jnp.float32)
    return KeyValue(numbers[:, None, None], 2 * numbers[:, None, :, None])


def test_each_row_is_written_at_its_own_position():
    room = KeyValue.empty(2, 4, 1, 1, "float32")
    written = room.write(told([[1, 2], [3, 4]]), jnp.array([[0, 1], [2, 3]]))
    np.testing.assert_array_equal(written.keys[:, 0, 0], [[1, 2, 0, 0], [0, 0, 3, 4]])
    np.testing.assert_array_equal(written.values[:, 0, :, 0], 2 * written.keys[:, 0, 0])


def test_a_hypothesis_sees_the_words_of_its_ancestors_and_its_own():
    """Prompts of 2 and 1 tokens, then steps, hypotheses branching at random after each; against lists."""
    rng, length, beams = np.random.default_rng(0), 7, 3
    prompts, lengths = np.array([[1, 2], [3, 9]]), np.array([2, 1])  # 9 is padding
    past = KVCache.empty(1, 2, length, 1, 1, "float32")
    read = past.grown((past.layers[0].write(told(prompts), past.slots(2)),), 2)
    past = read.replace(position=jnp.array(lengths)).spread(beams)
    histories = [[list(row[:n])] * beams for row, n in zip(prompts, lengths, strict=True)]
    for step in range(4):
        words = 10 * (step + 1) + rng.integers(10, size=(2, beams))
        np.testing.assert_array_equal(
            past.positions(beams), np.repeat((lengths + step)[:, None], beams, axis=1)
        )
        visible, layer = past.mask(beams), past.layers[0].write(told(words), past.slots(beams))
        for row in (0, 1):
            histories[row] = [h + [w] for h, w in zip(histories[row], words[row], strict=True)]
            for k in range(beams):
                seen = np.asarray(layer.keys[row, 0, 0])[np.asarray(visible[row, k])]
                np.testing.assert_array_equal(seen, histories[row][k])
                seen = np.asarray(layer.values[row, 0, :, 0])[np.asarray(visible[row, k])]
                np.testing.assert_array_equal(seen, 2 * np.array(histories[row][k]))
        chosen = rng.integers(beams, size=(2, beams))
        past = past.grown((layer,), beams).select(jnp.array(chosen))
        histories = [[histories[row][k] for k in chosen[row]] for row in (0, 1)]
