"""Guesses are the model's probabilities at [MASK], whatever padding a line is read with."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.tasks.pretraining import Pretraining
from data.tokenizers.wordpiece import WordPiece
from models.encoders.bert import BERT
from models.heads.classifier import Classifier
from models.heads.masked_lm import MaskedLM
from train.inference.mask_filler import FillMask
from train.run import Run, Trained

TOKENIZER = WordPiece(size=60, least=1).train(["the old baker sings and the young cook hears the song"])
MODEL = MaskedLM(len(TOKENIZER), BERT(context=24, features=8, num_heads=2, num_layers=1))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    rng = np.random.default_rng(0)
    shapes = jax.eval_shape(MODEL.init, jax.random.key(0), jnp.ones((1, 4), jnp.int32))["params"]
    params = jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=leaf.shape), leaf.dtype), shapes)
    run = Run(MODEL, Pretraining(length=20))
    return Trained(run, MODEL, params, TOKENIZER, "made up", tmp_path_factory.mktemp("run"))


def test_guesses_are_the_likeliest_pieces_at_each_mask_in_turn(trained):
    line = "The [MASK] baker sings[MASK]."
    parts = [ids[:-1] for ids in TOKENIZER.encode(["The ", " baker sings", "."])]
    mask = [TOKENIZER.mask]
    ids = [TOKENIZER.bos, *parts[0], *mask, *parts[1], *mask, *parts[2], TOKENIZER.eos]
    logits, _ = MODEL.apply({"params": trained.params}, jnp.array([ids]))
    chances = np.asarray(jax.nn.softmax(logits[0]))[[place for place, id in enumerate(ids) if id == mask[0]]]
    found = FillMask(trained)(line, 4)
    assert len(found) == len(chances) == 2
    for guesses, row in zip(found, chances, strict=True):
        best = np.argsort(-row)[:4]
        assert [piece for piece, _ in guesses] == TOKENIZER.pieces(best)
        np.testing.assert_allclose([chance for _, chance in guesses], row[best], rtol=1e-4)
    assert found[0] != found[1]


def test_all_guesses_add_up_to_one(trained):
    ((*guesses,),) = FillMask(trained)("[MASK]", len(TOKENIZER))
    assert len(guesses) == len(TOKENIZER)
    assert sum(chance for _, chance in guesses) == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize(
    "line, complaint",
    [
        ("the song", r"line 3: there is no \[MASK\] in 'the song'"),
        ("[MASK] " * 19, "line 3: 21 ids .* at most 20"),
    ],
)
def test_a_line_that_cannot_be_guessed_at_is_named(trained, line, complaint):
    with pytest.raises(ValueError, match=complaint):
        FillMask(trained)(line, 5, "line 3")


def test_what_predicts_no_masked_tokens_is_refused(trained):
    with pytest.raises(ValueError, match="is to predict masked tokens, and model=Classifier is no MaskedLM"):
        FillMask(dataclasses.replace(trained, model=Classifier()))
