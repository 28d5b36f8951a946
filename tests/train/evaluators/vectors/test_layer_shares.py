"""The numbers of a mixture, found wherever in the model it stands."""

import dataclasses

import numpy as np
import pytest
import scipy.special

from data.batches.examples import Padded
from data.tasks.tagging import Tagging
from models.encoders.mixed_layers import MixedLayers
from models.heads.tagger import Tagger
from train.evaluators.vectors.layer_shares import LayerShares
from train.objectives.supervised import Label
from train.run import Run, Trained

RUN = Run(
    Tagger(encoder=MixedLayers()),
    Tagging(characters=True),
    Label(),
    batches=Padded(),
    evaluators=(LayerShares(),),
)


def trained(params) -> Trained:
    return Trained(run=RUN, model=RUN.model, params=params, tokenizer=None, weights="last", directory=None)


def test_shares_are_the_softmax_in_per_cent_and_gamma_stands_beside_them():
    weights = np.array([1.0, -2.0, 500.0, 499.0], np.float32)
    mix = {"weights": weights, "gamma": np.float32(0.7)}
    params = {"encoder": {"contextual": {"mix": mix, "encoder": {"weights": np.ones(3)}}}}
    found = {result.metric: result.value for result in LayerShares()(trained(params))}
    expected = 100 * scipy.special.softmax(weights.astype(float))
    np.testing.assert_allclose(
        [found[f"layer {layer}"] for layer in range(4)], expected, rtol=1e-5, atol=1e-9
    )
    assert found["gamma"] == pytest.approx(0.7) and len(found) == 5


def test_a_model_without_a_mixture_is_refused():
    with pytest.raises(ValueError, match="0 mixtures"):
        list(LayerShares()(trained({"encoder": {"weights": np.ones(3)}})))
    RUN.require()
    with pytest.raises(ValueError, match="LayerShares: model mixes no layers; set model.encoder=MixedLayers"):
        dataclasses.replace(RUN, model=Tagger()).require()
