"""Cells against a network stepped by hand, areas against counting pairs, and the probe on cells that know."""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.batches.streams import Streams
from data.corpora import code_labels, stdlib_text
from data.corpora.code_labels import of_split
from data.corpora.recall import Recall
from data.corpora.stdlib_text import StdlibCode
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import ByteBPE, TextCharacters
from models.attention.scores import ScaledDot
from models.language.rnn import RNNLM
from models.layers.recurrent import GRU, RNN
from train.evaluators.language import cells
from train.evaluators.language.cells import (
    CellProbe,
    areas,
    best_cells,
    both_ways,
    by_chance,
    cell_states,
    moved,
    passage,
    ranks,
    told_by_each,
)
from train.objectives.next_token import NextToken
from train.run import Run, Trained

IDS = jnp.array([4, 5, 6, 7, 8, 4, 5, 5, 8])
TASK = LanguageModelling(StdlibCode(size=20_000), TextCharacters())


LINES = (
    "x{0} = f(a[{1}], 'b')\n",
    "# {0} of (c) {1}\n",
    "if x{0} in ({1},): y = {0}\n",
    'def f{0}(a):\n    return ["{1}"]\n\n\n',
    '"""{0}\n{1}"""\n',
    "'{0}', x, f(y, {1})\n",
)


@pytest.fixture(autouse=True)
def library(monkeypatch):
    """Each Python has a library of its own: here all have one, which shows every property everywhere."""
    draw = np.random.default_rng(0)
    drawn = zip(
        draw.integers(len(LINES), size=100_000), draw.integers(10_000, size=(100_000, 2)), strict=True
    )
    text = "".join(LINES[kind].format(*numbers) for kind, numbers in drawn)
    for module in (stdlib_text, code_labels):
        monkeypatch.setattr(module, "source", lambda size: text[: text.rfind("\n", 0, size) + 1])


def filled(model):
    shapes = jax.eval_shape(lambda: model.init(jax.random.key(0), IDS[None]))["params"]
    draw = np.random.default_rng(1)
    return jax.tree.map(lambda p: jnp.float32(draw.normal(size=p.shape) * 0.6), shapes)


def test_c_of_every_layer_is_that_of_the_equations():
    """c' = f c + i tanh(..), h' = o tanh(c')  -- Hochreiter & Schmidhuber 1997, layer on layer in numpy."""
    model = RNNLM(9, embed_dim=3, features=4, num_layers=2)
    params = filled(model)
    tree = jax.tree.map(lambda p: np.asarray(p, float), params)
    sigma = lambda x: 1 / (1 + np.exp(-x))
    c, h, told = np.zeros((2, 4)), np.zeros((2, 4)), []
    for token in IDS:
        x = tree["embedding"]["table"][token]
        for level in range(2):
            cell = tree["stack"][f"layers_{level}"]["cell"]
            gates = x @ cell["input"]["kernel"] + h[level] @ cell["recurrent"]["kernel"]
            gates += cell["input"]["bias"]
            forget, write, read, new = np.split(gates, 4)
            c[level] = sigma(forget) * c[level] + sigma(write) * np.tanh(new)
            x = h[level] = sigma(read) * np.tanh(c[level])
        told.append(c.ravel().copy())
    found = jax.jit(partial(cell_states, model))(params, IDS)
    np.testing.assert_allclose(found, told, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "model",
    [RNNLM(9, GRU(), 3, 4), RNNLM(9, RNN(), 3, 4, score=ScaledDot(), window=3)],
    ids=["gru", "rnn with attention"],
)
def test_h_of_other_cells_is_where_a_reading_of_so_many_tokens_ends(model):
    params = filled(model)
    apply = partial(model.apply, {"params": params})
    read = jax.jit(partial(apply, apply(1, 0, method="start"), method="read"))
    expected = np.concatenate([read(IDS[None, :t])[1].cells[0] for t in (4, 9)])
    found = jax.jit(partial(cell_states, model))(params, IDS)
    np.testing.assert_allclose(found[jnp.array([3, 8])], expected, atol=1e-6)


def test_areas_are_the_share_of_pairs_in_order_ties_for_half():
    draw = np.random.default_rng(0)
    states, labels = draw.integers(6, size=(40, 5)).astype(float), draw.random((3, 40)) < 0.3
    found = areas(ranks(states), labels)
    for row, label in zip(found, labels, strict=True):
        for area, cell in zip(row, states.T, strict=True):
            pairs = np.sign(cell[label][:, None] - cell[~label])
            assert area == pytest.approx((1 + pairs.mean()) / 2)


def test_an_area_asks_for_the_order_of_states_only():
    draw = np.random.default_rng(0)
    states, labels = draw.normal(size=(50, 2)), draw.random((1, 50)) < 0.5
    np.testing.assert_array_equal(ranks(states), ranks(np.exp(states)))
    np.testing.assert_allclose(areas(ranks(-states), labels), 1 - areas(ranks(states), labels))


def test_a_cell_is_chosen_by_the_first_half_and_scored_by_the_second():
    """Cell 2 tells the first half, upside down, and no longer the second, which cell 0 tells."""
    draw = np.random.default_rng(0)
    label, noise = draw.random(400) < 0.4, draw.normal(size=(400, 3)) * 0.1
    noise[:200, 2] -= label[:200]
    noise[200:, 0] += label[200:]
    found = best_cells(ranks(noise[:200]), ranks(noise[200:]), label[None])
    assert (found.cell[0], found.sign[0]) == (2, -1) and abs(found.area[0] - 0.5) < 0.1
    noise[200:, 2] -= 2 * label[200:]
    assert best_cells(ranks(noise[:200]), ranks(noise[200:]), label[None]).area[0] == 1.0


def test_each_cell_is_scored_for_the_label_it_tells_best_on_the_other_half():
    """Cell 0 tells label 1 upside down, cell 1 label 0, and cell 2 none."""
    draw = np.random.default_rng(0)
    labels, states = draw.random((2, 400)) < 0.4, draw.normal(size=(400, 3))
    states[:, 0], states[:, 1] = ~labels[1] + 0.01 * states[:, 0], labels[0] + 0.01 * states[:, 1]
    found = told_by_each(ranks(states[:200]), ranks(states[200:]), labels)
    np.testing.assert_array_equal(found[:2], 1.0)
    assert abs(found[2] - 0.5) < 0.15
    assert found[2] < 0.1 + by_chance(ranks(states[:200]), ranks(states[200:]), labels, 20) < 1


def test_moved_labels_keep_their_runs_and_where_they_stand_nowhere():
    """Each half keeps how often it is true and how often that changes, around its end too."""
    label = np.random.default_rng(0).random(200) < np.repeat([0.1, 0.9, 0.2, 0.7], 50)
    rotated = moved(label, 7)
    runs = lambda half: (half.sum(), (half != np.roll(half, 1)).sum())
    assert len(np.unique(rotated, axis=0)) == 7
    for each in rotated:
        assert (each != label).any()
        for half in (slice(0, 100), slice(100, 200)):
            assert runs(each[half]) == runs(label[half])


def test_by_chance_the_best_of_many_slow_cells_tells_a_slow_label_better_than_a_shuffled_one():
    """Why labels are rotated: cells of 300 steps' memory that know nothing, and a label of long runs."""
    draw = np.random.default_rng(0)
    walk = lambda columns: np.cumsum(draw.normal(size=(2000, columns)), axis=0)
    cells, label = walk(50), walk(1)[:, 0]
    label = label > np.median(label)
    first, second = ranks(cells[:1000]), ranks(cells[1000:])
    spread = lambda labels: np.abs(best_cells(first, second, labels).area - 0.5).mean()
    shuffled = np.stack([draw.permutation(label) for _ in range(20)])
    assert spread(moved(label, 20)) > 3 * spread(shuffled)


def test_numbers_become_more_than_the_median_of_the_first_half_and_what_never_changes_is_left_out():
    properties = {
        "depth": np.array([0, 1, 2, 1, 5, 1, 9, 9, 3, 7]),
        "here": np.array([1, 0, 0, 0, 0, 0, 0, 0, 0, 1], bool),
        "always": np.ones(10, bool),
        "late": np.array([0, 0, 0, 0, 0, 0, 1, 0, 0, 0], bool),
    }
    labels, thresholds = both_ways({name: of[:9] for name, of in properties.items()}, 4)
    assert thresholds == {"depth": 1.0} and list(labels) == ["depth"]
    assert labels["depth"].tolist() == [0, 0, 1, 0, 1, 0, 1, 1]
    assert list(both_ways(properties, 5)[0]) == ["depth", "here"]


def test_a_passage_is_of_whole_lines_that_show_every_label_both_ways():
    text = "aaaa\nbbbb\ncccc\n"
    drawn = "11111" + "11000" + "10000", "11111" + "00000" + "11000"
    labels = np.array([[mark == "1" for mark in row] for row in drawn])
    assert text[passage(text, labels, 5)] == "cccc\n"
    assert text[passage(text, labels, 14)] == "aaaa\nbbbb\n"
    assert text[passage(text[:9], labels[:, :9], 12)] == "aaaa\n"


def trained(folder, task=TASK, model=None):
    model = model or RNNLM(embed_dim=4, features=8)
    tokenizer = task.train_tokenizer()
    model = dataclasses.replace(model, vocab_size=len(tokenizer))
    run = Run(model=model, task=task, objective=NextToken(carried=True), batches=Streams())
    return Trained(run, model, filled(model), tokenizer, "made up", folder)


def test_the_probe_finds_the_cell_that_knows_and_chance_does_not(tmp_path, monkeypatch):
    """Cell 5 is high where no bracket is open, cell 6 counts the line; the others hold noise."""
    properties = of_split(TASK.corpus, "test")
    size = len(properties["quotes"]) // 2 * 2
    made = np.random.default_rng(0).normal(size=(size, 8)).astype(np.float32)
    made[:, 5] = -np.minimum(properties["brackets"][:size], 1)
    made[:, 6] = properties["line position"][:size]
    monkeypatch.setattr(cells, "cell_states", lambda model, params, ids: jnp.asarray(made))
    results = {result.name: result for result in CellProbe(length=200)(trained(tmp_path))}
    assert results["brackets"].value == results["line position"].value == 1.0
    assert results["quotes"].value < 0.9 and results["brackets, labels moved"].value < 0.9
    assert results["brackets"].protocol["label"] == "brackets > 0"
    with np.load(tmp_path / "outputs" / "cells.npz") as kept:
        at = kept["properties"].tolist().index("brackets")
        text, second = str(kept["text"]), TASK.text("test")[size // 2 :]
        assert kept["cells"][at] == "layer 1, cell 6" and 100 < len(text) <= 200 and text in second
        labels = properties["brackets"][size // 2 + second.index(text) :][: len(text)] > 0
        np.testing.assert_array_equal(kept["labels"][at], labels)
        np.testing.assert_allclose(kept["activations"][at], np.tanh(np.where(labels, 1.0, 0.0)), atol=1e-6)


def test_the_probe_reads_the_models_own_cells(tmp_path):
    """Those of a GRU as they are, within (-1, 1); the passage's are those of the stream up to it."""
    model = RNNLM(cell=GRU(), embed_dim=4, features=8)
    done = trained(tmp_path, model=model)
    results = list(CellProbe(length=200)(done))
    assert {result.protocol["states"] for result in results} == {"h of every layer"}
    text = TASK.text("test")
    states = np.asarray(cell_states(done.model, done.params, jnp.asarray(done.tokenizer.stream(text))))
    with np.load(tmp_path / "outputs" / "cells.npz") as kept:
        first = text.index(str(kept["text"]), len(text) // 2)
        cell = int(kept["cells"][0].rpartition(" ")[2]) - 1
        seen = states[first : first + len(str(kept["text"])), cell]
        np.testing.assert_allclose(np.abs(kept["activations"][0]), np.abs(seen), atol=1e-5)


def test_text_without_labels_or_characters_is_refused():
    run = Run(RNNLM(), TASK, NextToken(carried=True), batches=Streams(), evaluators=(CellProbe(),))
    run.require()
    recall = dataclasses.replace(TASK, corpus=Recall(train=280, valid=70, test=70))
    with pytest.raises(ValueError, match="task.corpus=Recall is no StdlibCode"):
        dataclasses.replace(run, task=recall).require()
    bytes_of = dataclasses.replace(TASK, tokenizer=ByteBPE(size=300))
    with pytest.raises(ValueError, match=r"CellProbe .* task.tokenizer=ByteBPE is no TextCharacters"):
        dataclasses.replace(run, task=bytes_of).require()


def test_a_text_that_shows_no_property_is_told_before_the_training(monkeypatch):
    monkeypatch.setattr(
        cells, "of_split", lambda corpus, split: {"quotes": np.zeros(len(corpus.text(split)), bool)}
    )
    tokenizer = TASK.train_tokenizer()
    with pytest.raises(
        ValueError, match=r"^evaluators: CellProbe: [\d,]+ characters .* raise task.corpus.size$"
    ):
        CellProbe().look(Run(RNNLM(), TASK, NextToken(carried=True), batches=Streams()), tokenizer, None)
