"""Of a classifier with random weights: masses, what influences it, and other attention in its place."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.batches.examples import Padded
from data.items.corpus import LabelledCorpus
from data.items.example import Example
from data.items.labelled import Labelled
from data.tasks.classification import Classification
from data.tasks.marked_classification import MarkedClassification
from data.tokenizers.whole_words import WholeWords
from data.world.tasks import WorldRating
from data.world.world import World
from models.encoders.bert import BERT
from models.encoders.words import BagOfWords
from models.heads.classifier import Classifier
from models.heads.pooling import Attentive, First, Mean, UniformAttention
from train.evaluators.attention.agreement import AttentionAgreement, hit
from train.evaluators.attention.marked_mass import MarkedMass
from train.evaluators.attention.other_attention import AdversarialAttention, PermutedAttention
from train.inference.explainer import Explainer
from train.objectives.supervised import Label
from train.run import Run, Trained


@dataclasses.dataclass(frozen=True)
class Few(LabelledCorpus):
    """Texts of at most six words, each with one that is marked."""

    marks = True
    labels = ("against", "for")

    def items(self, split, data_dir=None):
        texts = ("the soup is cold", "a warm room", "the soup is never cold", "cold and warm soup")
        words = ("cold", "warm", "cold", "warm")
        places = [text.index(word) for text, word in zip(texts, words, strict=True)]
        return [
            Labelled(text, None, at % 2, ((place, place + 4),))
            for at, (text, place) in enumerate(zip(texts, places, strict=True))
        ]

    def protocol(self, split):
        return f"few {split}"


CORPUS = Few()
RUN = Run(
    model=Classifier(encoder=BagOfWords(embed_dim=4), pooling=Attentive(features=3)),
    task=MarkedClassification(CORPUS, WholeWords(), longest=8),
    objective=Label(),
    batches=Padded(),
)
TOKENIZER = RUN.task.train_tokenizer()
EXAMPLES = RUN.task.encoded("test", TOKENIZER)


def trained(model, scale=3.0) -> Trained:
    """As a training begins, of larger weights, so that predictions differ."""
    model = model.with_sizes(len(TOKENIZER), 2)
    params = jax.jit(model.init)(jax.random.key(0), np.ones((1, 4), np.int32))["params"]
    params = jax.tree.map(lambda leaf: scale * np.asarray(leaf), params)
    return Trained(dataclasses.replace(RUN, model=model), model, params, TOKENIZER, "random", "runs/none")


BAG = trained(RUN.model)
UNIFORM = trained(dataclasses.replace(RUN.model, pooling=UniformAttention()))
TINY = trained(
    Classifier(encoder=BERT(features=8, num_heads=2, num_layers=1, context=64), pooling=First()), 1.0
)


def scores(evaluator, of: Trained) -> dict:
    return {one.metric: one for one in evaluator(of)}


def forward(params, ids, weights=None, scale=None):
    """(p, weights, states) of one text, by numpy; by other weights, or of scaled vectors."""
    states = params["encoder"]["embedding"]["table"][np.asarray(ids)].astype(float)
    states = states if scale is None else states * scale[:, None]
    pooling = params["pooling"]
    if weights is None:
        hidden = np.tanh(states @ pooling["hidden"]["kernel"] + pooling["hidden"]["bias"])
        weights = np.exp(hidden @ pooling["query"]["kernel"])[:, 0]
        weights /= weights.sum()
    logits = weights @ states @ params["output"]["kernel"] + params["output"]["bias"]
    return np.exp(logits) / np.exp(logits).sum(), weights, states


def test_an_explainer_tells_what_numpy_does():
    explainer = Explainer(BAG)
    told = explainer(EXAMPLES), explainer.gradients(EXAMPLES), explainer.omissions(EXAMPLES)
    for one, looked, gradient, omission in zip(EXAMPLES, *told, strict=True):
        p, weights, states = forward(BAG.params, one.inputs)
        np.testing.assert_allclose(looked.probabilities, p, atol=1e-5)
        np.testing.assert_allclose(looked.weights, weights[None], atol=1e-5)
        np.testing.assert_allclose(looked.states, states, atol=1e-5)
        for place in range(len(one.inputs)):
            ends = []
            for step in (1e-4, -1e-4):
                scale = np.ones(len(one.inputs))
                scale[place] += step
                ends.append(forward(BAG.params, one.inputs, scale=scale)[0][p.argmax()])
            assert gradient[place] == pytest.approx(abs(ends[0] - ends[1]) / 2e-4, abs=1e-3)
            if 0 < place < len(one.inputs) - 1:
                rest = forward(BAG.params, [*one.inputs[:place], *one.inputs[place + 1 :]])[0]
                assert omission[place] == pytest.approx(abs(p - rest).sum() / 2, abs=1e-5)
    assert omission[0] == omission[-1] == 0


def test_of_bert_the_gradient_is_of_its_embedded_input_and_the_weights_are_of_its_heads():
    explainer = Explainer(TINY)
    (looked, *_), (gradient, *_) = explainer(EXAMPLES), explainer.gradients(EXAMPLES)
    assert looked.weights.shape == (2, len(EXAMPLES[0].inputs)) and gradient.any()
    np.testing.assert_allclose(looked.weights.sum(axis=1), 1.0, atol=1e-5)


def test_masses_are_means_of_texts_and_uniform_attention_has_the_base_rate():
    found, uniform = scores(MarkedMass(), BAG), scores(MarkedMass(), UNIFORM)
    of_texts = [forward(BAG.params, one.inputs)[1] @ one.marks for one in EXAMPLES]
    assert found["marked mass"].value == pytest.approx(100 * np.mean(of_texts), abs=1e-3)
    assert found["largest mass"].value == pytest.approx(found["marked mass"].value)
    rate = 100 * np.mean([np.mean(one.marks) for one in EXAMPLES])
    assert uniform["marked mass"].value == pytest.approx(rate, abs=1e-3) != found["marked mass"].value
    assert found["uniform mass"].value == pytest.approx(rate)
    heads = scores(MarkedMass(), TINY)
    assert heads["largest mass"].value > heads["marked mass"].value


def test_only_the_first_texts_count_where_fewer_are_asked_for():
    found = scores(MarkedMass(texts=2), BAG)["marked mass"]
    assert len(found.counts.rows) == 2 and found.protocol["signature"] == "first 2 texts"


def test_permuting_even_weights_changes_nothing_and_others_something():
    assert scores(PermutedAttention(permutations=5), UNIFORM)["permuted"].value == pytest.approx(0, abs=1e-6)
    assert scores(PermutedAttention(permutations=5), BAG)["permuted"].value > 0.001


@pytest.mark.slow
def test_where_the_prediction_ignores_what_is_pooled_attention_can_be_anything():
    params = jax.tree.map(np.asarray, BAG.params)
    deaf = dataclasses.replace(
        BAG, params=params | {"output": {**params["output"], "kernel": np.zeros((4, 2), np.float32)}}
    )
    judge = AdversarialAttention(texts=3, starts=2, updates=20)
    free, bound = (scores(judge, of)["adversarial"].value for of in (deaf, BAG))
    assert 0 <= bound < free < math.log(2)
    _, weights, _ = forward(params, EXAMPLES[0].inputs)
    alone = np.eye(len(weights))[weights.argmin()]  # the furthest that a look at one input can be
    middle = (alone + weights) / 2
    kl = lambda p: (p * np.log(np.where(p > 0, p / middle, 1))).sum()
    first = scores(dataclasses.replace(judge, texts=1), deaf)["adversarial"].value
    assert first >= (kl(alone) + kl(weights)) / 2 - 1e-6


def test_agreement_is_of_words_and_hits_are_of_marked_texts():
    found = scores(AttentionAgreement(), BAG)
    assert set(found) == {
        "agreement with gradient", "agreement with omission",
        "hits by attention", "hits by gradient", "hits by omission",
    }  # fmt: skip
    hits = []
    for one in EXAMPLES:
        weights = forward(BAG.params, one.inputs)[1][1:-1]
        hits.append(one.marks[1 + weights.argmax()])
    assert found["hits by attention"].value == pytest.approx(100 * np.mean(hits))
    assert all(abs(found[f"agreement with {name}"].value) <= 1 for name in ("gradient", "omission"))


@pytest.mark.slow
def test_of_a_score_its_own_changes_count():
    """|score - score without a word| / 2, and the slope of the score by how large a word's vector is."""
    task = MarkedClassification(WorldRating(World(train=20, valid=4, test=4)), WholeWords(), longest=16)
    model = RUN.model.with_sizes(len(tokenizer := task.train_tokenizer()), 1)
    params = jax.jit(model.init)(jax.random.key(0), np.ones((1, 4), np.int32))["params"]
    params = jax.tree.map(lambda leaf: 3 * leaf, params)
    run = dataclasses.replace(RUN, model=model, task=task)
    explainer = Explainer(Trained(run, model, params, tokenizer, "random", "runs/none"))
    examples = task.encoded("test", tokenizer)
    score = lambda ids: float(model.apply({"params": params}, jnp.array([ids]))[0])
    told = explainer(examples), explainer.gradients(examples), explainer.omissions(examples)
    for one, looked, gradient, omission in zip(examples, *told, strict=True):
        ids = list(one.inputs)
        assert looked.probabilities == pytest.approx([score(ids)], abs=1e-4)
        due = [abs(score(ids) - score(ids[:at] + ids[at + 1 :])) / 2 for at in range(1, len(ids) - 1)]
        np.testing.assert_allclose(omission[1:-1], due, atol=1e-4)
        assert gradient.shape == (len(ids),) and gradient.max() > 1e-3
    AttentionAgreement().require(run)


def test_of_equal_weights_each_is_as_good_as_another():
    assert hit(np.array([0.2, 0.5, 0.3]), [0, 1, 0]) == 1.0
    assert hit(np.array([0.4, 0.4, 0.2]), [0, 1, 1]) == 0.5


PLAIN = dataclasses.replace(RUN, task=Classification(CORPUS))


@pytest.mark.parametrize(
    "evaluator, run, message",
    [
        (MarkedMass(), PLAIN, "MarkedMass asks .* task=Classification is no MarkedClassification"),
        (
            PermutedAttention(),
            dataclasses.replace(PLAIN, model=dataclasses.replace(RUN.model, pooling=Mean())),
            "PermutedAttention .* looks nowhere was given: set model.pooling",
        ),
        (
            AdversarialAttention(),
            dataclasses.replace(PLAIN, model=Classifier(encoder=BERT(), pooling=First())),
            "AdversarialAttention puts other weights .* First has none: set model.pooling",
        ),
        (
            PermutedAttention(),
            dataclasses.replace(PLAIN, task=Classification(WorldRating())),
            "PermutedAttention asks for classes, and the task has scores",
        ),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_cannot_be_judged_is_told_in_one_line(evaluator, run, message):
    with pytest.raises(ValueError, match=message) as error:
        evaluator.require(run)
    assert "\n" not in str(error.value)


def test_a_split_without_marked_words_is_told_before_the_training(monkeypatch):
    bare = [Example(one.inputs, one.targets, marks=[0] * len(one.inputs)) for one in EXAMPLES]
    monkeypatch.setattr(MarkedClassification, "encoded", lambda *_: bare)
    with pytest.raises(ValueError, match="none of these 1,000 texts has a marked word: set evaluators"):
        MarkedMass().look(RUN, TOKENIZER, None)
