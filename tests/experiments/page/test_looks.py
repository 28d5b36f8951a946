"""Looks: what is packed is what the model says, gold links are the world's, and the page shows both."""

import base64
import dataclasses
import json
import re

import numpy as np
import pytest
from browser import CHROMIUM, dom, with_probe

from data.files import json_text
from experiments.commands.evidence import explore
from experiments.page import looks
from experiments.page.page import render_page
from experiments.pictures.pieces import shown
from models.encoders.bert import BERT
from models.encoders.mixed_layers import MixedLayers
from models.heads.classifier import Classifier
from train.inference.loaded import Loaded, load


@pytest.fixture(scope="module")
def model(trained):
    return load(trained / "translation" / "lstm-additive" / "0")


@pytest.fixture(scope="module")
def look(model):
    return looks.looked(model, "attention", looks.sentences(model, 5), {"row": "lstm-additive"})


def unpacked(text, shape):
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(shape) / 255


def test_weights_come_back_to_a_byte(model, look):
    texts = looks.sentences(model, 5)
    gold = looks.gold_links(model.trained.task)
    assert 0 < len(look["seen"]) <= 5
    for one, text in zip(look["seen"], texts, strict=True):
        expected = model.attention(text, gold[text][0])
        assert one["over"] == shown(expected.over) and one["pieces"] == shown(expected.pieces)
        np.testing.assert_allclose(unpacked(one["weights"], one["shape"]), expected.weights, atol=0.5 / 255)


def test_gold_links_are_those_of_the_words(model, look):
    """The run's pieces are words here, so that both are numbered alike, but for the end mark."""
    for one, text in zip(look["seen"], looks.sentences(model, 5), strict=True):
        _, (source, target, pairs) = looks.gold_links(model.trained.task)[text]
        assert len(one["over"]) == len(source) + 1 and len(one["pieces"]) == len(target) + 1
        assert {tuple(pair) for pair in one["gold"]} == pairs


def test_a_file_is_read_as_it_was_written(look, tmp_path):
    (tmp_path / "a.json").write_text(looks.written(look), encoding="utf-8")
    assert looks.read_all(tmp_path) == [json.loads(json.dumps(look))]
    assert len((tmp_path / "a.json").read_text().splitlines()) == len(look["seen"]) + 2


def test_what_cannot_be_looked_at_is_told(model, lookback, trained, tmp_path):
    with pytest.raises(ValueError, match="nothing of at most 24 pieces"):
        looks.looked(model, "attention", [" ".join(["the"] * 40)], {})
    run = str(trained / "translation" / "lstm-additive" / "0")
    code, _, err = lookback("explore", run, "--kind", "cells", "--out", tmp_path / "a.json")
    assert code == 2 and "to look at by cells" in err and len(err.splitlines()) == 1
    code, _, err = lookback("explore", run, "--kind", "surprisal", "--out", tmp_path / "a.json")
    assert code == 2 and len(err.splitlines()) == 1
    code, out, _ = lookback("explore", run, "--count", "2", "--out", tmp_path / "a.json")
    assert code == 0 and len(json_text.read_object(tmp_path / "a.json")["seen"]) == 2


def test_what_a_model_takes_of_each_layer_is_its_softmax(model):
    mixes = Classifier(encoder=MixedLayers(encoder=BERT(num_layers=2, features=8, num_heads=2, mlp_dim=8)))
    params = {"encoder": {"mix": {"weights": np.log([0.2, 0.5, 0.3]), "gamma": np.float32(2)}}}
    trained = dataclasses.replace(
        model.trained, run=dataclasses.replace(model.trained.run, model=mixes), params=params
    )
    (seen,) = looks.looked(Loaded(trained), "mixture", [], {})["seen"]
    assert seen["layers"] == ["layer 0", "layer 1", "layer 2"] and seen["shares"] == [20.0, 50.0, 30.0]
    assert seen["heading"].endswith("times 2.00")
    with pytest.raises(ValueError, match="model"):
        looks.looked(model, "mixture", [], {})


def test_every_kind_of_look_can_be_asked_for():
    assert tuple(looks.LOOKS_BY_KIND) == explore.KINDS


ATTENTION = {
    "kind": "attention",
    "model": "a",
    "seen": [
        {
            "pieces": ["der", "Hund"],
            "over": ["the", "dog"],
            "shape": [1, 2, 2, 2],
            "weights": looks.packed(np.array([np.eye(2), np.full((2, 2), 0.5)])),
            "gold": [[0, 0]],
        }
    ],
}
SURPRISAL = {"kind": "surprisal", "model": "b", "seen": [{"pieces": ["a", "b"], "bits": [1.0, 20.0]}]}
MIXTURE = {
    "kind": "mixture",
    "model": "c",
    "seen": [{"heading": "x", "layers": ["l", "m"], "shares": [75, 25]}],
}
SCRIPT = """
  const all = (what) => [...document.querySelectorAll(what)];
  const colours = () => all('.over span').map((one) => one.title);
  const choose = (what, value) => {
    const select = document.querySelector(`select[aria-label=${what}]`);
    select.value = value;
    select.dispatchEvent(new Event('change'));
  };
  const told = { first: colours() };
  all('.pieces span')[1].dispatchEvent(new Event('pointerenter'));
  told.second = colours();
  told.gold = all('.map td.gold').length;
  told.cells = all('.map td').length;
  choose('head', '1');
  told.even = colours();
  choose('head', '2');
  told.mean = colours();
  choose('model', '1');
  told.bits = all('.words span').map((one) => one.title);
  choose('model', '2');
  told.bars = all('.mixture tr').map((one) => one.textContent + one.querySelector('span').style.width);
  document.body.dataset.told = JSON.stringify(told);
"""


@pytest.mark.skipif(CHROMIUM is None, reason="chromium opens the page")
def test_the_word_under_the_pointer_lights_up_what_it_looked_at(tmp_path):
    shown = dom(with_probe(render_page(tmp_path, [ATTENTION, SURPRISAL, MIXTURE]), SCRIPT), tmp_path)
    assert "<title>Lookback</title>" in shown
    assert json.loads(re.search(r'data-told="([^"]*)"', shown)[1].replace("&quot;", '"')) == {
        "first": ["1.00", "0.00"],
        "second": ["0.00", "1.00"],
        "gold": 1,
        "cells": 4,
        "even": ["0.50", "0.50"],
        "mean": ["0.75", "0.25"],
        "bits": ["1 bits", "20 bits"],
        "bars": ["l75 %75%", "m25 %25%"],
    }
