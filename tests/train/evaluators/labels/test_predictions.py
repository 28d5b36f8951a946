"""Predictions in the order of the texts whatever their lengths; evaluators against counts of them."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from random_parameters import scattered

from data.batches.examples import Padded, whole_batch
from data.corpora.polarity import Polarity
from data.items.corpus import LabelledCorpus
from data.items.labelled import Labelled
from data.tasks.classification import Classification
from data.tasks.translation import Translation
from data.tokenizers.levels import Words
from data.world.tasks import WorldEntailment, WorldRating
from data.world.world import World
from models.baselines.majority import Majority
from models.encoders.words import BagOfWords
from models.heads.classifier import Classifier
from train.evaluators.labels.predictions import F1, Accuracy, Correlation, Errors, Matthews
from train.inference.predictor import Predictor
from train.metrics import classification
from train.objectives.supervised import Label, Regress
from train.run import Run, Trained

WORLD = World(train=60, valid=20, test=40)
CLASSES = Classification(Polarity(WorldRating(WORLD)), Words(least=1))
SCORES = Classification(WorldRating(WORLD), Words(least=1))


def trained(task, folder, model=None):
    """A model whose parameters are drawn, so that it says this and that."""
    model = model or Classifier(encoder=BagOfWords(embed_dim=6), mlp_dim=5)
    tokenizer = task.train_tokenizer()
    model = model.with_sizes(len(tokenizer), len(task.labels) or 1)
    if model.fitted:
        params = model.fit(whole_batch(task.encoded("train", tokenizer)))
    else:
        params = scattered(model.init(jax.random.key(0), jnp.ones((1, 3), jnp.int32))["params"])
    run = Run(model=model, task=task, objective=Regress() if task.scored else Label(), batches=Padded())
    return Trained(run, model, params, tokenizer, "made up", folder)


def one_by_one(done, examples):
    """Each text by itself, in numpy."""
    params = jax.tree.map(np.asarray, done.params)
    dense = lambda x, name: x @ params[name]["kernel"] + params[name]["bias"]
    bags = (params["encoder"]["embedding"]["table"][one.inputs].mean(axis=0) for one in examples)
    said = [dense(np.maximum(dense(bag, "hidden"), 0.0), "output") for bag in bags]
    return [one[0] for one in said] if done.task.scored else said


def test_predictions_come_in_order_whatever_the_lengths(tmp_path):
    done = trained(CLASSES, tmp_path)
    examples = CLASSES.encoded("test", done.tokenizer)
    examples += [examples[0]._replace(inputs=[1, *[5] * 60, 2])]  # a width of its own
    assert len({len(one.inputs) for one in examples}) > 5
    found, expected = Predictor(done)(examples), one_by_one(done, examples)
    np.testing.assert_allclose(np.stack(found), np.stack(expected), atol=1e-4)
    assert len(np.unique(np.stack(expected)[:, 0])) > len(examples) / 2


def test_texts_are_told_by_probabilities_and_scores(tmp_path):
    texts = [("The soup is never fresh.", None), ("The room is warm.", None)]
    done = trained(CLASSES, tmp_path)
    found = Predictor(done).texts(texts)
    logits = np.stack(one_by_one(done, CLASSES.examples(texts, done.tokenizer)))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.stack(found), shares, atol=1e-5)
    done = trained(SCORES, tmp_path)
    scores = one_by_one(done, SCORES.examples(texts, done.tokenizer))
    np.testing.assert_allclose(Predictor(done).texts(texts), scores, atol=1e-5)


def test_evaluators_of_classes_are_counted_from_the_likeliest(tmp_path):
    done = trained(CLASSES, tmp_path)
    examples = CLASSES.encoded("test", done.tokenizer)
    gold = np.array([one.targets for one in examples])
    said = np.stack(one_by_one(done, examples)).argmax(axis=1)
    assert 0 < (gold == said).sum() < len(gold)
    evaluators = (Accuracy(), F1(), F1(positive=None), Matthews())
    found = {result.metric: result for each in evaluators for result in each(done)}
    expected = {
        "accuracy": classification.accuracy(gold, said),
        "F1": classification.f1(gold, said),
        "macro F1": classification.macro_f1(gold, said),
        "Matthews": classification.matthews(gold, said),
    }
    assert {name: result.value for name, result in found.items()} == pytest.approx(
        {name: 100 * value for name, value in expected.items()}
    )
    assert found["accuracy"].protocol == {"corpus": CLASSES.protocol("test"), "weights": "made up"}
    kept = {
        side: (tmp_path / "outputs" / f"test.{side}").read_text().split() for side in ("target", "prediction")
    }
    assert kept["target"] == [CLASSES.labels[one] for one in gold]
    assert kept["prediction"] == [CLASSES.labels[one] for one in said]


def test_evaluators_of_scores(tmp_path):
    done = trained(SCORES, tmp_path)
    examples = SCORES.encoded("valid", done.tokenizer)
    gold = np.array([one.targets for one in examples])
    said = np.array(one_by_one(done, examples))
    evaluators = (Correlation("valid"), Errors("valid", name="again"))
    found = {(result.metric, result.name): result.value for each in evaluators for result in each(done)}
    assert found == pytest.approx(
        {
            ("Pearson", "valid"): 100 * classification.pearson(gold, said),
            ("Spearman", "valid"): 100 * classification.spearman(gold, said),
            ("RMSE", "again"): classification.rmse(gold, said),
            ("MAE", "again"): classification.mae(gold, said),
        },
        rel=1e-4,
    )


def test_a_fitted_classifier_is_judged_too(tmp_path):
    done = trained(CLASSES, tmp_path, Majority())
    (result,) = Accuracy()(done)
    counts = [np.bincount([item.target for item in CLASSES.labelled(split)]) for split in ("train", "test")]
    assert result.value == pytest.approx(100 * counts[1][counts[0].argmax()] / counts[1].sum())


def test_another_corpus_of_the_same_labels_goes_by_its_name(tmp_path):
    done = trained(CLASSES, tmp_path)
    other = Polarity(WorldRating(dataclasses.replace(WORLD, seed=5)))
    (result,) = Accuracy(corpus=other, name="another world")(done)
    assert result.name == "another world" and result.protocol["corpus"] == other.protocol("test")
    judged = dataclasses.replace(
        done, run=dataclasses.replace(done.run, task=dataclasses.replace(CLASSES, corpus=other))
    )
    assert result.value == next(Accuracy()(judged)).value


@dataclasses.dataclass(frozen=True)
class Hidden(LabelledCorpus):
    labels = ("negative", "positive")
    scored = False

    def items(self, split, data_dir=None):
        return [Labelled("The soup is fresh.", None, None)]

    def protocol(self, split):
        return f"hidden {split}"


def test_what_cannot_be_judged_is_told(tmp_path):
    done = trained(CLASSES, tmp_path)
    with pytest.raises(ValueError, match="hidden test: its targets are not published"):
        next(Accuracy(corpus=Hidden())(done))
    for evaluator, complaint in (
        (Correlation(), "evaluators: Correlation: .* has classes"),
        (Accuracy(corpus=WorldEntailment(WORLD)), "evaluators: Accuracy: .* has other labels than"),
        (F1(positive=2), "F1.positive=2: the task has 2 classes, counted from 0"),
    ):
        run = dataclasses.replace(done.run, evaluators=(evaluator,))
        with pytest.raises(ValueError, match=complaint):
            run.require()
    translating = dataclasses.replace(done.run, task=Translation())
    with pytest.raises(ValueError, match="Accuracy judges classes .* task=Translation is no Classification"):
        Accuracy().require(translating)
