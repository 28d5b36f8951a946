"""What models refuse: values out of bounds as they are built, and runs that do not suit them."""

import math
from types import SimpleNamespace

import pytest

from models.baselines.majority import Majority
from models.encoders.bert import BERT
from models.encoders.elmo import ELMo
from models.encoders.features import Concatenated, Mixed
from models.encoders.mixed_layers import MixedLayers
from models.encoders.words import BagOfWords, Convolutions, WordLSTM
from models.heads.bilm import BiLM
from models.heads.classifier import Classifier
from models.heads.feature_tagger import FeatureTagger
from models.heads.masked_lm import MaskedLM
from models.heads.pooling import Attentive
from models.heads.span import SpanFinder
from models.heads.tagger import Tagger
from models.language.convolution import ConvolutionLM
from models.language.gpt2 import GPT2
from models.language.ngram import NGram
from models.language.rnn import RNNLM
from models.language.smoothing import AddK, KneserNey, StupidBackoff
from models.language.window import FixedWindowLM
from models.layers.recurrent import GRU, LSTM
from models.layers.spelling import Capitals, SpellingCNN, SpellingLSTM
from models.vectors.glove import GloVe
from models.vectors.word2vec import Word2Vec
from models.vectors.word_vectors import PPMI, SVD


@pytest.mark.parametrize(
    "part, wrong",
    [
        (
            RNNLM,
            dict(
                embed_dim=0, features=0, num_layers=-1, dropout=1.0, window=0, init_scale=0.0, vocab_size=-1
            ),
        ),
        (RNNLM, dict(vocab_size=-1, cell=LSTM(7))),
        (FixedWindowLM, dict(window=0, embed_dim=0, features=0, dropout=-0.1)),
        (ConvolutionLM, dict(kernel=0, features=0, num_layers=0, dropout=1.0)),
        (NGram, dict(order=0, vocab_size=-1)),
        (AddK, dict(k=0.0)),
        (AddK, dict(k=math.nan)),
        (AddK, dict(k=-1.0)),
        (StupidBackoff, dict(alpha=0.0)),
        (StupidBackoff, dict(alpha=1.1)),
        (KneserNey, dict(discount=1.5)),
        (GRU, dict(features=0)),
        (Capitals, dict(features=0)),
        (SpellingCNN, dict(features=0, character_dim=0, width=0)),
        (SpellingLSTM, dict(features=0, character_dim=0)),
        (SpellingLSTM, dict(features=5)),
        (BagOfWords, dict(embed_dim=0, unknown=1.5, dropout=1.0)),
        (Convolutions, dict(embed_dim=0, maps=0, widths=(0,), unknown=-1.0)),
        (Convolutions, dict(widths=())),
        (Convolutions, dict(widths=(3, 3))),
        (
            WordLSTM,
            dict(embed_dim=0, features=0, num_layers=0, unknown=1.5, rare=1.5, dropout=1.0, cell=LSTM(7)),
        ),
        (ELMo, dict(features=0, cells=0, num_layers=0, filters=((0, 4),), character_dim=0, highways=-1)),
        (ELMo, dict(longest=0, cell_clip=0.0, projection_clip=-1.0, dropout=1.0, filters=())),
        (Concatenated, dict(last=0)),
        (Mixed, dict(last=0)),
        (MixedLayers, dict(dropout=1.0)),
        (Classifier, dict(mlp_dim=0, classes=-1, dropout=1.0)),
        (Attentive, dict(features=0)),
        (Tagger, dict(classes=-1, dropout=1.0)),
        (FeatureTagger, dict(features=0, num_layers=-1)),
        (SpanFinder, dict(dropout=1.0)),
        (PPMI, dict(window=0, shift=-1.0, smoothing=-0.5)),
        (SVD, dict(features=0, exponent=-1.0)),
        (GloVe, dict(features=0, window=0, most=0.0, alpha=-1.0, rate=0.0, epochs=0, batch=0)),
        (Word2Vec, dict(features=0, window=0, negatives=0, sample=0.0, smoothing=-1.0, rate=0.0, epochs=0)),
        (Word2Vec, dict(length=0, noise=0, leap=0.0)),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_each_field_out_of_bounds_is_refused_by_its_name(part, wrong):
    for field, value in wrong.items():
        with pytest.raises(ValueError, match=rf"{part.__name__}\.(\w+\.)*{field}") as error:
            part(**{field: value})
        assert "\n" not in str(error.value)


def run(targets="a class", *, longest=128, length=None, characters=False, paired=False):
    corpus = SimpleNamespace(paired=paired)
    task = SimpleNamespace(targets=targets, longest=longest, characters=characters, corpus=corpus)
    return SimpleNamespace(task=task, batches=SimpleNamespace(length=length))


TAGS = "a class of each input"


@pytest.mark.parametrize(
    "model, given, message",
    [
        (
            Classifier(),
            run(TAGS),
            "model=Classifier learns a class or a class of marked text or a score, .* gives a class of each",
        ),
        (Tagger(), run("a class"), "model=Tagger learns a class of each input"),
        (SpanFinder(), run("a class"), "model=SpanFinder learns a span"),
        (MaskedLM(), run("the next token"), "model=MaskedLM learns masked tokens"),
        (BiLM(), run("the next token", characters=True), "model=BiLM learns both neighbours"),
        (Majority(), run(TAGS), "model=Majority is fitted to a class"),
        (Classifier(pairs=True), run(), "compares two texts, .* has one: set model.pairs=False"),
        (Tagger(encoder=WordLSTM(spelling=Capitals())), run(TAGS), "WordLSTM reads the characters"),
        (Classifier(encoder=ELMo()), run(), "ELMo reads the characters .* set task.characters=True"),
        (Classifier(encoder=WordLSTM(contextual=MixedLayers())), run(), "WordLSTM reads the characters"),
        (Classifier(encoder=BERT(context=64)), run(), "BERT.context=64 does not hold task.longest=128"),
        (
            Classifier(encoder=WordLSTM(contextual=MixedLayers(encoder=BERT(context=64)))),
            run(),
            "BERT.context=64 does not hold",
        ),
        (
            MaskedLM(encoder=WordLSTM()),
            run("masked tokens"),
            "encoder=WordLSTM has no table",
        ),
        (
            GPT2(context=32),
            run("the next token", longest=None, length=64),
            "GPT2.context=32 does not hold batches.length=64",
        ),
    ],
)
def test_a_run_that_does_not_suit_the_model_is_refused_in_one_line(model, given, message):
    with pytest.raises(ValueError, match=message) as error:
        model.require(given)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "model, given",
    [
        (Classifier(pairs=True), run(paired=True)),
        (Classifier(encoder=BERT(context=128)), run("a score")),
        (Tagger(encoder=WordLSTM(spelling=Capitals())), run(TAGS, characters=True)),
        (Classifier(encoder=WordLSTM(contextual=MixedLayers())), run(characters=True)),
        (MaskedLM(), run("masked tokens")),
        (FeatureTagger(encoder=BERT(context=64)), run(TAGS)),  # it reads in parts
        (GPT2(context=64), run("the next token", longest=None, length=64)),
    ],
)
def test_a_run_that_suits_the_model_is_not_refused(model, given):
    model.require(given)
