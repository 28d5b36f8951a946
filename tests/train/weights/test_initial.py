"""What a run begins with: parts of other weights, the rest by chance, and an encoder's own tokenizer."""

import dataclasses
import json
from pathlib import Path

import flax.traverse_util
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.batches.examples import Padded
from data.corpora.polarity import Polarity
from data.tasks.classification import Classification
from data.tokenizers.levels import BPE, Words
from data.tokenizers.wordpiece import WordPiece, is_uncased, pieces_of, write_vocabulary
from data.world.tasks import WorldRating
from data.world.world import World
from models.encoders.elmo import ELMo
from models.encoders.mixed_layers import MixedLayers
from models.encoders.words import BagOfWords, WordLSTM
from models.heads.classifier import Classifier
from models.language.rnn import RNNLM
from train.folder.checkpoint import Checkpoints
from train.loop.training import Training, train
from train.objectives.supervised import Label
from train.optimizers import Adam, Constant
from train.parts import from_tree, parse, to_tree
from train.run import Run
from train.weights.initial import Pretrained, Weights, find, taken
from train.weights.load import TokenizerOf, initial, initial_tokenizer, told

pytestmark = pytest.mark.usefixtures("as_children")

IDS = jnp.ones((1, 3), jnp.int32)
FOLDER = Path("there")
RUN = Run(
    model=Classifier(encoder=BagOfWords(embed_dim=4)),
    task=Classification(Polarity(WorldRating(World(train=30, valid=8, test=8))), Words(least=1)),
    objective=Label(),
    optimizer=Adam(schedule=Constant(peak=1e-2)),
    batches=Padded(tokens=64, shapes=1),
    steps=2,
    evaluate_every=2,
    evaluators=(),
)


def params_of(model, seed=0):
    shapes = jax.eval_shape(model.init, jax.random.key(0), IDS)["params"]
    draw = np.random.default_rng(seed)
    return jax.tree.map(lambda leaf: draw.normal(size=leaf.shape), shapes)


def flat(params):
    return flax.traverse_util.flatten_dict(params, sep="/")


def same(one, other):
    return jax.tree.all(jax.tree.map(lambda a, b: bool((np.asarray(a) == np.asarray(b)).all()), one, other))


LM = RNNLM(vocab_size=9, embed_dim=4, features=5)
BESIDE = Classifier(vocab_size=9, encoder=WordLSTM(embed_dim=4, features=5, bidirectional=False), classes=2)


def test_an_encoder_begins_with_a_language_model_and_its_softmax_stays_behind():
    theirs, ours = params_of(LM), params_of(BESIDE, seed=1)
    found = taken(Weights("there", into="encoder"), theirs, ours, FOLDER)
    assert set(found) == {path for path in flat(ours) if path.startswith("encoder/")}
    assert all(same(leaf, flat(theirs)[path.removeprefix("encoder/")]) for path, leaf in found.items())


def test_of_one_classifier_another_takes_the_encoder_alone():
    theirs, ours = params_of(BESIDE), params_of(dataclasses.replace(BESIDE, classes=3), seed=1)
    found = taken(Weights("there", of="encoder", into="encoder"), theirs, ours, FOLDER)
    assert set(found) == {path for path in flat(ours) if path.startswith("encoder/")}
    table = taken(Weights("there", of="encoder/embedding", into="encoder/embedding"), theirs, ours, FOLDER)
    assert list(table) == ["encoder/embedding/table"]


def test_modules_of_one_name_are_taken_whole():
    """As a published BERT is: its encoder and pooling, not what it was pre-trained to say."""
    theirs = params_of(BESIDE) | {"follows": {"bias": np.zeros(2)}}
    theirs.pop("output")
    found = taken(Weights("there"), theirs, params_of(BESIDE, seed=1), FOLDER)
    assert {path.partition("/")[0] for path in found} == {"encoder"}
    del theirs["encoder"]["embedding"]
    with pytest.raises(
        ValueError, match=r"encoder/embedding/table is missing there and \(9, 4\) in this model"
    ):
        taken(Weights("there"), theirs, params_of(BESIDE), FOLDER)


@pytest.mark.parametrize(
    "given, wrong",
    [
        (Weights("there", of="decoder"), "nothing is under 'decoder' there, but .*stack"),
        (Weights("there", into="decoder"), "nothing is under 'decoder' in this model, but .*encoder"),
        (
            Weights("there", of="output", into="encoder"),
            "embedding/table is missing there and .9, 4. in this",
        ),
        ("there", "embedding/table is .9, 4. there and missing in this model"),
    ],
)
def test_what_does_not_fit_is_told(given, wrong):
    with pytest.raises(ValueError, match=wrong):
        taken(given, params_of(LM), params_of(BESIDE), FOLDER)


def test_what_shares_no_module_is_told():
    with pytest.raises(ValueError, match="there are words, none of them in this model"):
        taken(Weights("there"), {"words": {"table": np.zeros(3)}}, params_of(BESIDE), FOLDER)


def test_a_misshapen_leaf_is_told():
    wider = params_of(dataclasses.replace(LM, embed_dim=6))
    with pytest.raises(ValueError, match=r"embedding/table is \(9, 6\) there and \(9, 4\) in this model"):
        taken(Weights("there", into="encoder"), wider, params_of(BESIDE), FOLDER)


def test_they_are_parts_of_a_run():
    for text in (
        "Weights(folder='~/bert', into='encoder')",
        "Pretrained(experiment='elmo', row='biLM', seed=1)",
    ):
        run = dataclasses.replace(RUN, initial=parse(text))
        assert from_tree(to_tree(run)) == run


def test_a_run_begins_with_the_encoder_and_the_tokenizer_of_one_beside_it(tmp_path):
    beside = tmp_path / "words" / "bag" / "1"
    given = Pretrained("words", "bag", seed=1)
    with pytest.raises(ValueError, match="first lookback run words --rows bag --seeds 2"):
        find(given, tmp_path / "sentences" / "bag" / "0")
    train(RUN, beside)
    theirs = Checkpoints(beside / "checkpoints").params(2)
    # Of other words: without theirs the table of embeddings would be of another size.
    task = dataclasses.replace(RUN.task, tokenizer=BPE(size=60))
    run = dataclasses.replace(RUN, task=task, initial=given, seed=7)
    training = Training(run, tmp_path / "sentences" / "bag" / "0")
    assert training.tokenizer.hash == json.loads((beside / "run.json").read_text())["tokenizer"]
    assert same(training.state.params["encoder"], theirs["encoder"])
    assert told(run, training.directory) == dataclasses.replace(
        run, task=dataclasses.replace(task, tokenizer=TokenizerOf(given))
    )
    assert str(TokenizerOf(given)) == str(given)
    assert told(RUN, training.directory) == RUN
    by_chance = jax.jit(training.init)(training.example).params
    assert same(training.state.params["output"], by_chance["output"])
    assert not same(by_chance["encoder"], theirs["encoder"])
    own = dataclasses.replace(given, of="output", into="output")
    assert initial_tokenizer(own, tmp_path / "a" / "b" / "0") is None  # an output layer knows no words


def test_a_folder_of_nothing_is_told(tmp_path):
    with pytest.raises(
        ValueError, match="neither a run's folder nor that of a published GPT-2, BERT or ELMo"
    ):
        initial(Weights(str(tmp_path)), tmp_path, {})


@pytest.mark.parametrize("lowercase", [True, False])
def test_a_published_vocabulary_comes_with_its_weights_and_tells_its_case(tmp_path, lowercase):
    tokenizer = WordPiece(size=60, lowercase=lowercase, least=1).train(["The Old baker sings in Berlin"])
    write_vocabulary(tokenizer, tmp_path / "vocab.txt")
    assert is_uncased(pieces_of(tmp_path / "vocab.txt")) is lowercase
    found = initial_tokenizer(Weights(str(tmp_path)), tmp_path / "a" / "b" / "0")
    assert found.encode(["The Old"]) == tokenizer.encode(["The Old"])


FROZEN = dataclasses.replace(RUN.model, frozen=True)
BENEATH = Classifier(encoder=WordLSTM(0, 4, 5, contextual=MixedLayers(encoder=ELMo())))


@pytest.mark.parametrize("model", [FROZEN, BENEATH], ids=["the encoder", "one within it"])
def test_a_frozen_encoder_takes_no_decay(model):
    with pytest.raises(ValueError, match="set optimizer.decay=0"):
        dataclasses.replace(RUN, model=model, optimizer=Adam(decay=0.01)).require()
