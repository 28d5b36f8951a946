"""Attention at the word that asks, against weights worked out by hand."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.batches.streams import Streams, Windows
from data.corpora.recall import Recall
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import WhitespaceWords
from models.attention.positions import Learned
from models.attention.scores import ScaledDot
from models.language.rnn import RNNLM
from models.language.self_attention import AveragedHeads, SelfAttentionLM
from train.evaluators.language.recall_attention import RecallAttention, perplexities, rows_of
from train.objectives.next_token import NextToken
from train.run import Run, Trained

TASK = LanguageModelling(Recall(distances=(1, 4), train=400, valid=20, test=20), WhitespaceWords())


def trained(model) -> Trained:
    """With weights from N(0, 1)."""
    tokenizer = TASK.train_tokenizer()
    model = dataclasses.replace(model, vocab_size=len(tokenizer))
    shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 4), jnp.int32))["params"]
    draw = np.random.default_rng(3)
    params = jax.tree.map(lambda p: jnp.float32(draw.normal(size=p.shape)), shapes)
    batches = Streams(2, 8) if model.carries else Windows(2, 8)
    run = Run(model=model, task=TASK, objective=NextToken(carried=model.carries), batches=batches)
    return Trained(run, model, params, tokenizer, "made up", None)


def told(done: Trained) -> dict:
    return {(one.metric, one.name): one for one in RecallAttention()(done)}


def test_an_even_look_is_at_as_many_words_as_it_sees_and_a_sharp_one_at_one():
    weights = np.array([[0.25, 0.25, 0.25, 0.25], [0, 1, 0, 0], [0.5, 0.5, 0, 0]])
    np.testing.assert_allclose(perplexities(weights), [4, 1, 2])


def test_a_score_of_zero_looks_at_all_words_evenly():
    model = SelfAttentionLM(heads=AveragedHeads(2), positions=Learned(8), position_dim=None, embed_dim=6)
    done = trained(model)
    still = jax.tree.map(lambda p: p, done.params)
    still["looks"]["score"] = jnp.zeros_like(still["looks"]["score"])
    found = told(dataclasses.replace(done, params=still))
    for distance in (1, 4):
        seen = distance + 3  # the end of the line before, the cue, the words between, the word that asks
        assert found["words looked at", f"distance {distance}"].value == pytest.approx(seen, rel=1e-5)
        assert found["cue", f"distance {distance}"].value == pytest.approx(1 / seen, rel=1e-5)


def test_the_head_is_the_one_that_looks_at_cues_most_and_the_weights_are_the_models():
    """The same from one row at a time, in numpy."""
    model = SelfAttentionLM(heads=AveragedHeads(3), positions=Learned(8), position_dim=None, embed_dim=6)
    done = trained(model)
    looked = lambda row: np.asarray(
        done.model.apply(
            {"params": done.params}, jnp.asarray(row)[None], method="attention", mutable=["intermediates"]
        )[0]
    )[0, 0, :, -1]
    cues = [looked(row)[:, 1] for rows in rows_of(done, "valid").values() for row in rows]
    head = int(np.mean(cues, axis=0).argmax())
    found = told(done)
    for distance, rows in rows_of(done, "test").items():
        weights = np.array([looked(row)[head] for row in rows])
        result = found["cue", f"distance {distance}"]
        assert result.value == pytest.approx(weights[:, 1].mean(), rel=1e-4)
        assert result.protocol["head"].startswith(f"head {head + 1} of layer 1")


def test_the_second_word_of_a_row_is_the_cue_and_the_last_one_asks():
    done = trained(RNNLM(embed_dim=4, features=4, score=ScaledDot(), window=8))
    for distance, rows in rows_of(done, "test").items():
        words = np.array([done.tokenizer.pieces(row.tolist()) for row in rows])
        probes = [probe for probe in TASK.corpus.probes("test") if probe.distance == distance]
        assert [*words[:, 1]] == [probe.words[0] for probe in probes]
        assert {*words[:, -1]} == {"with", "celebrate"}
    assert told(done)["cue", "distance 1"].value <= 1


def test_a_model_that_never_looks_back_is_refused_before_anything_is_read():
    blind = trained(RNNLM(embed_dim=4, features=4)).run
    with pytest.raises(ValueError, match="RecallAttention .* has no attention"):
        RecallAttention().require(blind)
    with pytest.raises(ValueError, match="chosen"):
        RecallAttention(chosen="dev").require(blind)
