"""ELMo against numpy and the published activations; what each position of either direction may see."""

import dataclasses
import functools
import json

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit

from data.tokenizers.characters import (
    SENTENCE_BEGIN,
    SENTENCE_END,
    framed,
    sentence_characters,
    word_characters,
)
from models.encoders.elmo import CharacterCNN, ELMo, ProjectedLSTM
from models.fields import annotations, complaint
from models.heads.bilm import BiLM
from train.parallel import by_rows
from train.weights.elmo import read_elmo

SMALL = ELMo(features=6, cells=8, filters=((1, 2), (2, 3), (3, 4)), character_dim=4, longest=12, dropout=0.0)
SENTENCES = (("a", "bcd", "efghijkl", "a"), ("mno", "pq"))


def spelled(sentences, width=10, length=None):
    """(inputs, characters), a 1 for each word and mark."""
    rows = [sentence_characters(words, width) for words in sentences]
    characters = np.zeros((len(rows), length or max(map(len, rows)), width), np.int32)
    for row, own in zip(characters, rows, strict=True):
        row[: len(own)] = own
    return jnp.asarray(np.any(characters, axis=-1), jnp.int32), jnp.asarray(characters)


@functools.cache
def drawn(model):
    inputs, characters = spelled(SENTENCES)
    shapes = jax.eval_shape(model.init, jax.random.key(0), inputs, None, characters)
    rng = np.random.default_rng(1)
    return jax.tree.map(lambda p: jnp.asarray(0.4 * rng.normal(size=p.shape), p.dtype), shapes)


@functools.cache
def compiled(model, method="__call__", **options):
    return jax.jit(functools.partial(model.apply, method=method, **options))


def words_of(model, ids):
    return model.words(ids)


def test_a_word_is_a_loop_over_its_characters_by_hand():
    model = CharacterCNN(5, ((1, 2), (3, 4)), character_dim=3, highways=2, activation="tanh", longest=9)
    ids = jnp.asarray(word_characters(["ab", "abcdefg"], 9))
    shapes = jax.eval_shape(model.init, jax.random.key(0), ids)
    rng = np.random.default_rng(0)
    variables = jax.tree.map(lambda p: rng.normal(size=p.shape).astype(np.float32), shapes)
    params = jax.tree.map(np.float64, variables["params"])
    dense = lambda name, x: x @ params[name]["kernel"] + params[name]["bias"]
    got = jax.jit(model.apply)(variables, ids)
    for row, expected in zip(ids, got, strict=True):
        found = []
        for index, (width, count) in enumerate(model.filters):
            kernel, bias = params[f"convolutions_{index}"]["kernel"], params[f"convolutions_{index}"]["bias"]
            places = range(9 - width + 1)
            for k in range(count):
                found.append(max(
                    sum(kernel[j, :, k] @ params["table"][row[i + j]] for j in range(width)) + bias[k]
                    for i in places
                ))  # fmt: skip
        x = np.tanh(found)
        for level in range(2):
            g = expit(dense(f"gates_{level}", x))
            x = g * np.maximum(dense(f"transforms_{level}", x), 0) + (1 - g) * x
        np.testing.assert_allclose(expected, dense("projection", x), atol=2e-5)


def test_a_word_is_the_same_however_narrow_its_ids_come():
    words = ["a", "word", "characters"]
    model = CharacterCNN(5, ((1, 2), (7, 4)), character_dim=3)
    spell = lambda width: jnp.asarray(word_characters(words, width))
    variables = jax.jit(model.init)(jax.random.key(0), spell(50))
    apply = lambda width: compiled(model)(variables, spell(width))
    for width in (12, 47):
        np.testing.assert_allclose(apply(width), apply(50), atol=1e-6)
    assert not np.allclose(apply(6)[2], apply(50)[2], atol=1e-3)


@pytest.mark.parametrize("clips", [(None, None), (0.7, None), (None, 0.3)], ids=str)
@pytest.mark.parametrize("reverse", [False, True])
def test_a_layer_is_the_equations_step_by_step(reverse, clips):
    """Gates lie i, j, f, o; the forget gate's 1 is added to what is stored; clips fall on c and on h."""
    rng = np.random.default_rng(3)
    layer = ProjectedLSTM(4, 3, *clips, reverse)
    x, mask = rng.normal(size=(1, 5, 2)).astype(np.float32), jnp.ones((1, 5), bool)
    carry = tuple(0.1 * rng.normal(size=(1, size)).astype(np.float32) for size in (4, 3))
    shapes = jax.eval_shape(layer.init, jax.random.key(0), x, mask, carry)
    variables = jax.tree.map(lambda p: rng.normal(size=p.shape).astype(np.float32), shapes)
    p = variables["params"]
    after, got = jax.jit(layer.apply)(variables, x, mask, carry)
    (c,), (h,) = carry
    for t in reversed(range(5)) if reverse else range(5):
        gates = x[0, t] @ p["input"]["kernel"] + h @ p["recurrent"] + p["input"]["bias"]
        i, j, f, o = np.split(np.float64(gates), 4)
        c = expit(f + 1) * c + expit(i) * np.tanh(j)
        c = c if clips[0] is None else np.clip(c, -clips[0], clips[0])
        h = (expit(o) * np.tanh(c)) @ p["projection"]
        h = h if clips[1] is None else np.clip(h, -clips[1], clips[1])
        np.testing.assert_allclose(got[0, t], h, atol=1e-5)
    np.testing.assert_allclose(after[0][0], c, atol=1e-5)
    np.testing.assert_allclose(after[1][0], h, atol=1e-5)


def test_clips_are_reached():
    """By cells of large weights, so that the test above tells a clipped layer from one that is not."""
    x, mask = 9.0 * jnp.ones((1, 9, 2)), jnp.ones((1, 9), bool)
    layer = ProjectedLSTM(4, 3, cell_clip=1.5, projection_clip=0.5)
    carry = jnp.zeros((1, 4)), jnp.zeros((1, 3))
    shapes = jax.eval_shape(layer.init, jax.random.key(0), x, mask, carry)
    variables = jax.tree.map(lambda p: jnp.ones(p.shape), shapes)
    (c, h), _ = jax.jit(layer.apply)(variables, x, mask, carry)
    np.testing.assert_array_equal(c, jnp.full((1, 4), 1.5))
    np.testing.assert_array_equal(h, jnp.full((1, 3), 0.5))


def test_layers_begin_with_words_and_add_their_input_from_the_second_on():
    inputs, characters = spelled(SENTENCES)
    run = lambda model: compiled(model, "layers")(drawn(SMALL), inputs, None, characters)
    layers, plain = run(SMALL), run(dataclasses.replace(SMALL, skip=False))
    assert layers.shape == (3, 2, 6, 12)
    real = np.asarray(inputs[..., None] > 0)
    words = compiled(SMALL, words_of)(drawn(SMALL), characters)
    np.testing.assert_allclose(layers[0], np.concatenate([words, words], axis=-1) * real, atol=1e-6)
    np.testing.assert_array_equal(layers[1], plain[1])
    np.testing.assert_allclose(layers[2], plain[2] + plain[1], atol=1e-5)
    np.testing.assert_allclose(compiled(SMALL)(drawn(SMALL), inputs, None, characters), layers[-1], atol=1e-6)


def test_padding_changes_no_layer_and_no_gradient():
    model = SMALL

    def total(variables, sentence, length):
        inputs, characters = spelled([sentence], length=length)
        layers = model.apply(variables, inputs, None, characters, method="layers")
        return jnp.sum(jnp.sin(layers)), layers

    gradient = jax.jit(jax.value_and_grad(total, has_aux=True), static_argnums=(1, 2))
    (_, apart), of_apart = gradient(drawn(model), SENTENCES[1], 4)
    (_, beside), of_beside = gradient(drawn(model), SENTENCES[1], 9)
    np.testing.assert_allclose(beside[:, :, :4], apart, atol=1e-6)
    np.testing.assert_array_equal(beside[:, :, 4:], 0)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), of_apart, of_beside)


def test_forward_states_see_what_is_before_and_backward_ones_what_is_behind():
    """By gradient: position t's forward half hangs on words 0 .. t, its backward half on t .. the end."""
    inputs, characters = spelled(SENTENCES[:1])
    words = compiled(SMALL, words_of)(drawn(SMALL), characters)

    def halves(words):
        """What is above the words, which stand in the place of those that characters make."""
        instead = lambda call, given, named, at: (
            words if isinstance(at.module, CharacterCNN) else call(*given)
        )
        with nn.intercept_methods(instead):
            top = SMALL.apply(drawn(SMALL), SMALL.start(1), inputs, characters, method="read")[1][-1, 0]
        return top.reshape(6, 2, 6).sum(axis=-1)

    sees = np.abs(jax.jit(jax.jacobian(halves))(words)).sum(axis=(2, 4)) > 0
    np.testing.assert_array_equal(sees[:, 0], np.tri(6, dtype=bool))
    np.testing.assert_array_equal(sees[:, 1], np.tri(6, dtype=bool).T)


def test_a_bidirectional_model_foretells_no_word_from_itself():
    """Changing word t changes no forward logits before t, and no backward ones behind it."""
    model = BiLM(vocab_size=7, encoder=SMALL)
    other = [(*SENTENCES[0][:2], "xyz", SENTENCES[0][3])]
    (inputs, ids), (_, changed) = spelled(SENTENCES[:1]), spelled(other)
    logits = functools.partial(compiled(model), drawn(model), inputs, None)
    assert logits(ids).shape == (2, 1, 6, 7)
    moved = np.any(logits(ids) != logits(changed), axis=-1)[:, 0]
    np.testing.assert_array_equal(moved, [[0, 0, 0, 1, 1, 1], [1, 1, 1, 1, 0, 0]])


def test_reading_on_is_one_reading_forward_and_begins_where_it_stood_backward():
    inputs, characters = spelled(SENTENCES[:1])
    read = functools.partial(compiled(SMALL, "read"), drawn(SMALL))
    start = jax.tree.map(jnp.asarray, SMALL.start(1))
    _, whole = read(start, inputs, characters)
    carry, first = read(start, inputs[:, :3], characters[:, :3])
    _, second = read(carry, inputs[:, 3:], characters[:, 3:])
    np.testing.assert_allclose(jnp.concatenate([first, second], axis=2)[..., :6], whole[..., :6], atol=1e-6)
    _, anew = read((carry[0], start[1]), inputs[:, 3:], characters[:, 3:])
    np.testing.assert_allclose(anew[..., 6:], whole[:, :, 3:, 6:], atol=1e-6)
    assert np.all(np.any(second[1:, ..., 6:] != anew[1:, ..., 6:], axis=-1))


def test_dropout_falls_only_in_training():
    model = dataclasses.replace(SMALL, dropout=0.5)
    inputs, characters = spelled(SENTENCES)
    given = drawn(SMALL), inputs, None, characters
    trained = jax.jit(lambda key: model.apply(*given, True, rngs={"dropout": key}, method="layers"))
    first, second = trained(jax.random.key(0)), trained(jax.random.key(1))
    np.testing.assert_array_equal(compiled(model)(*given), compiled(SMALL)(*given))
    np.testing.assert_array_equal(first[0], second[0])
    assert np.any(first[1] != second[1])


def test_dropout_of_both_directions_does_not_know_how_many_devices_there_are():
    """The rows that several go through are those of one: no axis of directions may stand before them."""
    model = BiLM(9, dataclasses.replace(SMALL, dropout=0.5))
    inputs, characters = spelled(SENTENCES)
    variables = jax.jit(model.init)(jax.random.key(0), inputs, None, characters)

    def rows_first(params, batch):
        key = {"dropout": jax.random.key(3)}
        said = model.apply(params, *batch[:1], None, *batch[1:], True, rngs=key, method="states")
        return jnp.moveaxis(said, 1, 0)

    one, two = (
        by_rows(rows_first, jax.devices()[:count])(variables, (inputs, characters)) for count in (1, 2)
    )
    np.testing.assert_allclose(one, two, atol=1e-6)
    assert 0.3 < np.mean(np.asarray(one) == 0) < 0.7


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="width 13 is more than a word has, longest=12"):
        dataclasses.replace(SMALL, filters=((1, 2), (13, 4)))
    with pytest.raises(ValueError, match="must be pairs of a width and how many"):
        dataclasses.replace(SMALL, filters=())
    assert complaint(annotations(ELMo)["filters"], ((1, 2), (3,))) == "tuple, each tuple of 2"


@pytest.fixture(scope="module")
def fixture(data_dir):
    return data_dir / "reference_outputs" / "elmo_allennlp_fixture"


def test_words_are_those_of_the_published_program(fixture):
    """AllenNLP's vectors of 458 words; its <S> and </S> are the marks of a sentence."""
    import h5py

    model, params = read_elmo(fixture)
    words = (fixture / "vocab_test.txt").read_text().split()
    ids = word_characters(words)
    for mark, index in (("<S>", SENTENCE_BEGIN), ("</S>", SENTENCE_END)):
        ids[words.index(mark)] = framed([[index]], 50)
    with h5py.File(fixture / "elmo_token_embeddings.hdf5") as stored:
        expected = stored["embedding"][...]
    got = compiled(model, words_of)({"params": params}, jnp.asarray(ids))
    assert len(words) == 458
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_sentences_are_those_of_the_published_program(fixture):
    """Ten batches of three sentences; the LSTMs, also those that read backward, keep their state between."""
    import h5py

    model, params = read_elmo(fixture)
    lists = json.loads((fixture / "sentences.json").read_text())
    stored = [h5py.File(fixture / f"lm_embeddings_{row}.hdf5") for row in range(3)]
    read = functools.partial(compiled(model, "read"), {"params": params})
    carry, compared = model.start(3), 0
    for index, sentences in enumerate(zip(*lists, strict=True)):
        sentences = [sentence.split() for sentence in sentences]
        carry, layers = read(carry, *spelled(sentences, 50, 55))
        for row, words in enumerate(sentences):
            expected = np.concatenate(list(stored[row][str(index)][...]), axis=-1)
            np.testing.assert_allclose(layers[-1, row, 1 : len(words) + 1], expected, atol=1e-5)
            compared += len(words)
    assert compared == 744


@pytest.mark.parametrize(
    "cells, features, highways, millions", [(1024, 128, 1, 13.6), (2048, 256, 1, 28.0), (4096, 512, 2, 93.6)]
)
def test_sizes_have_the_published_numbers_of_parameters(cells, features, highways, millions):
    """As allennlp.org/elmo has them: small, medium, original."""
    model = ELMo(cells=cells, features=features, highways=highways)
    inputs, characters = spelled(SENTENCES)
    shapes = jax.eval_shape(model.init, jax.random.key(0), inputs, None, characters)
    assert round(sum(leaf.size for leaf in jax.tree.leaves(shapes)) / 1e6, 1) == millions
