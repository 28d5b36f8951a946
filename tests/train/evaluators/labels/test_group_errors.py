"""A group is said to be the mean of its texts; what has no groups, or reads them itself, is refused."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.batches.examples import Padded
from data.tasks.classification import Classification
from data.tasks.text_groups import TextGroups
from data.tokenizers.levels import Words
from data.world.restaurants import WorldRestaurants
from data.world.tasks import WorldRating
from data.world.world import World
from models.encoders.words import BagOfWords
from models.heads.classifier import Classifier
from models.heads.group_classifier import GroupClassifier
from train.evaluators.labels.predictions import Errors, GroupErrors
from train.inference.predictor import Predictor
from train.objectives.supervised import Regress
from train.run import Run, Trained

REVIEWS = WorldRating(World(train=24, valid=8, test=32))
CORPUS = WorldRestaurants(REVIEWS)
RUN = Run(
    model=Classifier(encoder=BagOfWords(embed_dim=4)),
    task=Classification(REVIEWS, Words(least=1)),
    objective=Regress(),
    batches=Padded(),
)


def test_the_errors_are_of_means_and_lie_beside_the_gold_stars(tmp_path):
    tokenizer = RUN.task.train_tokenizer()
    model = RUN.model.with_sizes(len(tokenizer), 1)
    params = jax.jit(model.init)(jax.random.key(0), jnp.ones((1, 4), jnp.int32))["params"]
    params = jax.tree.map(lambda leaf: 4 * leaf, params)
    trained = Trained(RUN, model, params, tokenizer, "random", tmp_path)
    found = {one.metric: one for one in GroupErrors(corpus=CORPUS, name="restaurants")(trained)}
    items = CORPUS.items("test")
    said = [
        np.mean(Predictor(trained).texts([(line, None) for line in one.first.split("\n")])) for one in items
    ]
    errors = np.array(said) - [one.target for one in items]
    assert np.std(said) > 0.01
    assert found["RMSE"].value == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-4)
    assert found["MAE"].value == pytest.approx(np.abs(errors).mean(), rel=1e-4)
    assert found["RMSE"].name == "restaurants"
    # Whoever reads the groups themselves is judged of the same ones.
    together = dataclasses.replace(RUN, task=TextGroups(CORPUS)).task.protocol("test")
    assert found["RMSE"].protocol["corpus"] == together


@pytest.mark.parametrize(
    "judge, run, message",
    [
        (GroupErrors(), RUN, "GroupErrors.corpus has no groups of texts"),
        (GroupErrors(corpus=REVIEWS), RUN, "GroupErrors.corpus has no groups of texts"),
        (
            GroupErrors(corpus=CORPUS),
            dataclasses.replace(RUN, task=TextGroups(CORPUS), model=GroupClassifier()),
            r"the task gives groups: set evaluators=\(Errors\(\),\)",
        ),
    ],
    ids=["no corpus", "no groups", "groups already"],
)
def test_what_is_not_judged_so_is_told_in_one_line(judge, run, message):
    with pytest.raises(ValueError, match=message) as error:
        judge.require(run)
    assert "\n" not in str(error.value)
    Errors().require(RUN)
