"""Vectors of the pieces of lines: those of the model for each line by itself, in order, below any head."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.corpora.senses import WorldSenses
from data.tasks.bidirectional import BidirectionalText
from data.tasks.classification import Classification
from data.tasks.language import LanguageModelling
from data.tasks.pretraining import Pretraining
from data.tasks.tagging import Tagging
from data.tokenizers.levels import TextCharacters, Words
from data.tokenizers.whole_words import WholeWords
from data.tokenizers.wordpiece import WordPiece
from data.world.world import World
from models.encoders.bert import BERT
from models.encoders.elmo import ELMo
from models.heads.bilm import BiLM
from models.heads.classifier import Classifier
from models.heads.masked_lm import MaskedLM
from models.heads.tagger import Tagger
from models.language.gpt2 import GPT2
from models.language.ngram import NGram
from models.language.rnn import RNNLM
from models.vectors.word2vec import Word2Vec
from train.evaluators.vectors.sense_separation import SenseSeparation
from train.inference.embedder import Embedder
from train.run import Run, Trained

LINES = ["the bat sleeps", "he carries the new bat and the old bat of the coach", "", "the coach sleeps"]
WORDPIECE = WordPiece(size=40).train(LINES)
WORDS = Words(least=1, lowercase=True).train(LINES)
BOTTOM = BERT(features=8, num_heads=2, num_layers=2, context=160)


def trained(tmp_path, model, task, tokenizer, *inputs) -> Trained:
    model = model.clone(vocab_size=len(tokenizer))
    params = jax.jit(model.init)(jax.random.key(0), *inputs)["params"]
    run = Run(model, task)
    return Trained(run, model, params, tokenizer, "", tmp_path)


ONE = jnp.ones((1, 3), jnp.int32)


def test_layers_are_those_of_each_line_by_itself(tmp_path):
    bert = trained(tmp_path, MaskedLM(encoder=BOTTOM), Pretraining(), WORDPIECE, ONE)
    for line, got in zip(LINES, Embedder(bert)(LINES), strict=True):
        ids = [WORDPIECE.bos, *WORDPIECE.encode([line])[0]]
        params = {"params": bert.params["encoder"]}
        expected = bert.model.encoder.apply(params, jnp.array([ids]), method="layers")[:, 0]
        np.testing.assert_allclose(got.layers, expected, atol=1e-5)
        assert got.pieces == WORDPIECE.pieces(ids) and len(got.spans) == len(ids)
        assert [line[slice(*span)] for span in got.spans] == [
            piece.removeprefix("##") if piece[0] != "[" else "" for piece in got.pieces
        ]


def test_an_encoder_is_the_same_below_another_head(tmp_path):
    below = trained(tmp_path, MaskedLM(encoder=BOTTOM), Pretraining(), WORDPIECE, ONE)
    task = Classification()
    other = trained(tmp_path, Classifier(encoder=BOTTOM, classes=3), task, WORDPIECE, ONE)
    other = Trained(
        other.run, other.model, below.params | other.params | below.params, WORDPIECE, "", tmp_path
    )
    for one, two in zip(Embedder(below)(LINES), Embedder(other)(LINES), strict=True):
        np.testing.assert_allclose(one.layers, two.layers, atol=1e-6)
        assert one.pieces == two.pieces


@pytest.mark.slow
@pytest.mark.parametrize(
    "model", [RNNLM(embed_dim=4, features=4), GPT2(features=8, num_heads=2, num_layers=1, context=32)]
)
def test_a_language_model_reads_from_the_left(tmp_path, model):
    reader = trained(tmp_path, model, LanguageModelling(), WORDS, ONE)
    for line, got in zip(LINES, Embedder(reader)(LINES), strict=True):
        ids = [WORDS.eos, *WORDS.encode([line])[0][:-1]]
        expected = reader.model.apply({"params": reader.params}, jnp.array([ids]), method="states")[0]
        np.testing.assert_allclose(got.layers[-1], expected, atol=1e-5)
        assert len(got.pieces) == len(ids) == len(got.spans)


def test_characters_of_running_text_have_no_mark_in_front(tmp_path):
    characters = TextCharacters().train(LINES)
    reader = trained(tmp_path, RNNLM(embed_dim=4, features=4), LanguageModelling(), characters, ONE)
    (got,) = Embedder(reader)(["bat"])
    assert got.pieces == ["b", "a", "t"] and got.spans == [(0, 1), (1, 2), (2, 3)]


def test_elmo_reads_the_characters_of_each_word(tmp_path):
    elmo = ELMo(features=4, cells=4, filters=((1, 4),), character_dim=2, dropout=0.0)
    tokenizer = WholeWords(size=30).train(LINES)
    shapes = ONE, None, jnp.ones((1, 3, 50), jnp.int32)
    for model, task in (
        (BiLM(encoder=elmo), BidirectionalText()),
        (Tagger(encoder=elmo, classes=2), Tagging(characters=True)),
    ):
        (got, other) = Embedder(trained(tmp_path, model, task, tokenizer, *shapes))(["the bat", "the cat"])
        assert got.layers.shape == (3, 4, 8) and len(got.spans) == 4
        np.testing.assert_allclose(got.layers[0, 1], other.layers[0, 1], atol=1e-6)
        assert np.abs(got.layers[0, 2] - other.layers[0, 2]).max() > 1e-3


def test_fixed_vectors_are_the_same_wherever_a_word_stands(tmp_path):
    model = Word2Vec(features=3, vocab_size=len(WORDS))
    table = np.random.default_rng(0).normal(size=(len(WORDS), 3)).astype(np.float32)
    fixed = Trained(Run(model, LanguageModelling()), model, {"inputs": table}, WORDS, "", tmp_path)
    got = list(Embedder(fixed)(LINES))
    assert got[0].pieces == ["▁the", "▁bat", "▁sleeps"] and got[2].layers.shape == (1, 0, 3)
    np.testing.assert_array_equal(got[0].layers[0, 1], got[1].layers[0, 4])
    results = {(one.metric, one.name): one.value for one in SenseSeparation(WorldSenses(SMALL))(fixed)}
    for metric in ("cosine, one sense", "cosine, two senses"):
        assert results[metric, "test"] == results[metric, "layer 0"] == pytest.approx(1.0, abs=1e-6)
    assert results["sense accuracy", "test"] == pytest.approx(50.0)
    assert results["cosine", "green"] == pytest.approx(1.0, abs=1e-6)


SMALL = World(ambiguity=1.0, depth=0, train=0, valid=0, test=150)


def test_what_a_sentence_says_around_a_word_changes_its_vector(tmp_path):
    bert = trained(tmp_path, MaskedLM(encoder=BOTTOM), Pretraining(), WORDPIECE, ONE)
    results = {(one.metric, one.name): one.value for one in SenseSeparation(WorldSenses(SMALL))(bert)}
    assert results["cosine, two senses", "test"] < 0.999 and results["cosine", "green"] < 0.999
    assert {split for metric, split in results if metric == "sense accuracy"} == {
        "layer 0",
        "layer 1",
        "layer 2",
        "test",
    }
    assert results["sense accuracy", "layer 2"] == results["sense accuracy", "test"]
    with np.load(tmp_path / "outputs" / "senses.npz") as kept:
        forms = {name.partition(".")[0] for name in kept}
        assert all(kept[f"{form}.points"].shape == (len(kept[f"{form}.senses"]), 2) for form in forms)


def test_a_split_without_words_of_two_senses_is_told(tmp_path):
    bert = trained(tmp_path, MaskedLM(encoder=BOTTOM), Pretraining(), WORDPIECE, ONE)
    with pytest.raises(ValueError, match="valid has no word of two senses"):
        next(SenseSeparation(WorldSenses(SMALL), split="valid")(bert))


def test_a_tagger_embeds_an_empty_line_and_refuses_one_it_would_read_in_parts(tmp_path):
    task = Tagging(longest=8)
    bert = trained(tmp_path, Tagger(encoder=BOTTOM, classes=3), task, WORDPIECE, ONE)
    empty, full = Embedder(bert)(["", "the bat"])
    assert empty.layers.shape[1] == 2 and len(full.pieces) > 2
    with pytest.raises(ValueError, match="is longer than the 8 pieces there is room for"):
        list(Embedder(bert)(["the bat sleeps the bat"]))


def test_what_is_too_long_or_has_no_encoder_is_refused(tmp_path):
    short = trained(tmp_path, MaskedLM(encoder=BOTTOM.clone(context=4)), Pretraining(), WORDPIECE, ONE)
    with pytest.raises(ValueError, match="pieces long; there is room for 4"):
        list(Embedder(short)(LINES))
    counted = Run(NGram(), LanguageModelling())
    complaint = "model=NGram is no OnEncoder or LanguageModel or WordVectors"
    with pytest.raises(ValueError, match=complaint):
        Embedder(Trained(counted, counted.model, {}, WORDPIECE, "", tmp_path))
    with pytest.raises(ValueError, match=f"SenseSeparation compares vectors of words, and {complaint}"):
        SenseSeparation().require(counted)
