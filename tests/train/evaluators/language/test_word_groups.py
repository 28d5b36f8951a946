"""Groups of words against counting by hand, and against what a pointer can point at."""

import dataclasses
import math
from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.batches.streams import Streams
from data.corpora.text import TextFiles
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import WhitespaceWords
from models.attention.pointers import NOTHING, Average
from models.attention.scores import Dot
from models.language.ngram import NGram
from models.language.rnn import RNNLM
from models.language.smoothing import StupidBackoff
from models.vectors.word2vec import Word2Vec
from train.evaluators.language.word_groups import WordGroups, copyable, groups
from train.inference.scoring import Scorer
from train.objectives.next_token import NextToken
from train.run import Run, Trained

WINDOW = 4
PARTITION = ("rare and seen", "rare and new", "common and seen", "common and new")
TRAIN = "the fox saw the hen and the hen saw the owl\n" * 6 + "a crow met a newt once\n"
TEST = "saw\nthe crow saw a crow and the crow the hen\nthe yak saw the yak\n"


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A pointer model with weights from N(0, 0.7^2), as if it had been trained."""
    path = tmp_path_factory.mktemp("text") / "farm.txt"
    path.write_text(TRAIN + TEST * 2, encoding="utf-8")
    share = len(TRAIN) / len(TRAIN + TEST * 2)
    task = LanguageModelling(TextFiles(str(path), train=share, valid=(1 - share) / 2), WhitespaceWords())
    assert task.text("train") == TRAIN and task.text("test") == TEST
    tokenizer = task.train_tokenizer()
    model = RNNLM(len(tokenizer), embed_dim=5, features=6, score=Dot(), window=WINDOW, pointer=Average())
    shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 4), jnp.int32))["params"]
    draw = np.random.default_rng(3)
    params = jax.tree.map(lambda p: jnp.float32(draw.normal(size=p.shape) * 0.7), shapes)
    run = Run(model=model, task=task, objective=NextToken(carried=True), batches=Streams(2, 5))
    return Trained(run, model, params, tokenizer, "made up", tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def found(done):
    return {result.name: result for result in WordGroups(rare=2, window=WINDOW)(done)}


def losses_of_test(done):
    ids = done.task.encoded("test", done.tokenizer)
    return Scorer(done.run, done.model, done.params, done.tokenizer.eos)(ids)


def counted(result) -> int:
    return int(result.protocol["signature"].partition(" of ")[0])


def test_the_losses_of_the_partition_add_up_to_those_of_the_split(done, found):
    losses = losses_of_test(done)
    nats = lambda name: counted(found[name]) * math.log(found[name].value)
    assert sum(counted(found[name]) for name in PARTITION) == len(losses)
    assert sum(map(nats, PARTITION)) == pytest.approx(losses.sum(), rel=1e-6)
    for whole, parts in (("rare", PARTITION[:2]), ("seen", PARTITION[::2])):
        assert nats(whole) == pytest.approx(sum(map(nats, parts)), rel=1e-6)


def test_groups_are_what_counting_by_hand_finds(done, found):
    """Words and EOS; "yak" is unknown, and no rare word for all that training never has it."""
    counts = Counter(" </s> ".join(TRAIN.splitlines()).split() + ["</s>"])
    words = " </s> ".join(TEST.splitlines()).split() + ["</s>"]
    read = ["</s>", *words]
    rare = [word != "yak" and counts[word] <= 2 for word in words]
    seen = [word in read[max(0, at - WINDOW) : at] for at, word in enumerate(words)]
    assert words[6] == "crow" and seen[6] and not seen[3] and rare[6] and seen[1]
    losses, expected = losses_of_test(done), groups(np.array(rare), np.array(seen))
    assert list(found) == list(expected)
    for name, group in expected.items():
        assert counted(found[name]) == group.sum() > 0
        assert found[name].value == pytest.approx(np.exp(losses[group].mean()), rel=1e-5)


def test_seen_is_what_a_pointer_can_point_at(done):
    stream = np.array([2, 4, 5, 4, 4, 6, 5, 7, 6, 4, 4, 8, 5, 5, 9, 8, 4, 4, 4, 6])
    inputs, targets = jnp.asarray(stream[None, :-1]), stream[1:]
    pointed = done.model.apply({"params": done.params}, inputs, method="states")
    within = np.any((pointed.copies[0] > NOTHING / 2) & (pointed.ids[0] == targets[:, None]), axis=1)
    assert 0 < within.sum() < len(targets)
    np.testing.assert_array_equal(copyable(stream, WINDOW)[1:], within)


def test_a_group_without_a_word_has_no_result(done):
    names = [result.name for result in WordGroups(rare=0, window=WINDOW)(done)]
    assert names == ["seen", "common and seen", "common and new"]


def test_a_model_without_probabilities_of_a_next_token_is_refused(done):
    counted = Run(NGram(smoothing=StupidBackoff()), done.task, evaluators=(WordGroups(),))
    with pytest.raises(ValueError, match="WordGroups: what model.smoothing=StupidBackoff .* not sum to 1"):
        counted.require()
    fitted = dataclasses.replace(counted, model=Word2Vec())
    with pytest.raises(ValueError, match="model=Word2Vec is no LanguageModel or FittedLM"):
        fitted.require()
