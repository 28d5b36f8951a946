"""Both losses are means however a batch is spread; scores are told apart by what is masked, and how."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.batches.documents import FOLLOWS
from data.batches.masked import MaskedBatches, MaskedPairs
from data.batches.masking import Masking
from data.corpora.text import TextFiles
from data.tasks.pretraining import Pretraining
from data.tasks.translation import Translation
from data.tokenizers.wordpiece import WordPiece
from models.encoders.bert import BERT
from models.heads.masked_lm import MaskedLM
from models.model import Network
from train.evaluators.language.masked_scores import PretrainingScores
from train.evaluators.language.perplexities import Perplexity
from train.objectives.masked_tokens import MaskedTokens
from train.optimizers import Adam, Constant, Sgd
from train.parallel import Jit, Pmap
from train.run import Run, Trained
from train.step import init_state

V, ROWS = 13, 8
MODEL = MaskedLM(
    V, BERT(context=10, features=4, num_heads=2, num_layers=1, dropout=0.0, attention_dropout=0.0)
)
OPTIMIZER = Sgd(Constant(0.3))


def some_batch(rows=ROWS, seed=0):
    """Rows hold from 0 to 3 masked tokens, so that no two devices have as many."""
    rng = np.random.default_rng(seed)
    weights = (np.arange(3) < (np.arange(rows) % 4)[:, None]).astype(np.float32)
    return {
        "inputs": rng.integers(5, V, (rows, 9)).astype(np.int32),
        "segments": np.tile(np.int32([0, 0, 0, 0, 1, 1, 1, 1, 1]), (rows, 1)),
        "positions": np.tile(np.int32([1, 4, 7]), (rows, 1)),
        "targets": rng.integers(5, V, (rows, 3)).astype(np.int32),
        "weights": weights,
        "next": rng.integers(2, size=rows).astype(np.int32),
        "next_weights": np.full(rows, weights.sum() / rows, np.float32),
    }


BATCH = some_batch()


@pytest.fixture(scope="module")
def params():
    rng = np.random.default_rng(1)
    shapes = jax.eval_shape(lambda batch: MaskedTokens().init(MODEL, jax.random.key(0), batch), BATCH)
    return jax.tree.map(lambda leaf: jnp.asarray(rng.normal(size=leaf.shape) / 2, leaf.dtype), shapes)


def loss(params, objective=MaskedTokens(), **changes):
    total, (count, carry) = evaluated(objective, params, BATCH | changes)
    assert carry == ()
    return total / count


@functools.partial(jax.jit, static_argnums=0)
def evaluated(objective, params, batch):
    return objective.evaluate(MODEL, params, batch)


def initial(model, objective, optimizer, batch):
    return jax.jit(lambda batch: init_state(model, objective, optimizer, 0, batch))(batch)


def test_the_loss_is_the_mean_of_masked_tokens_and_the_mean_of_pairs_added(params):
    args = BATCH["inputs"], BATCH["segments"], None, BATCH["positions"]
    outputs = jax.jit(lambda *args: MODEL.apply({"params": params}, *args))(*args)
    logits, follows = (np.asarray(jax.nn.log_softmax(x)) for x in outputs)
    said = np.take_along_axis(logits, BATCH["targets"][..., None], axis=-1)[..., 0]
    tokens = -said[BATCH["weights"] > 0].mean()
    pairs = -follows[np.arange(ROWS), BATCH["next"]].mean()
    assert float(loss(params)) == pytest.approx(tokens + pairs, rel=1e-5)
    assert float(loss(params, MaskedTokens(next_sentence=False))) == pytest.approx(tokens, rel=1e-5)
    train = jax.jit(
        lambda params, batch: MaskedTokens()(MODEL, params, batch, jax.random.key(0), jnp.int32(0))
    )
    total, (count, _) = train(params, BATCH)
    assert float(total / count) == pytest.approx(tokens + pairs, rel=1e-5) and count == BATCH["weights"].sum()


def test_a_batch_without_pairs_has_the_loss_of_its_tokens(params):
    alone = {name: array for name, array in BATCH.items() if not name.startswith("next")}
    total, (count, _) = evaluated(MaskedTokens(), params, alone)
    assert float(total / count) == pytest.approx(float(loss(params, MaskedTokens(next_sentence=False))))


def test_only_masked_tokens_count(params):
    other = np.where(BATCH["weights"] > 0, BATCH["targets"], 5)
    assert loss(params, targets=other) == loss(params)
    assert loss(params, targets=(BATCH["targets"] + 1) % V) != loss(params)


def test_without_next_sentence_its_head_learns_nothing(params):
    gradient = lambda objective: jax.grad(loss)(params, objective)
    moved = lambda tree: bool(
        jnp.any(jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(tree)]) != 0)
    )
    with_it, without = gradient(MaskedTokens()), gradient(MaskedTokens(next_sentence=False))
    heads = ("pooling", "follows")
    assert all(moved(with_it[head]) and not moved(without[head]) for head in heads)
    assert moved(without["transform"]) and moved(without["encoder"])


@pytest.fixture(scope="module")
def whole():
    return updated(Jit(), BATCH, 1, jax.devices()[:1])


def stacked(batch, count):
    return {name: array.reshape(count, -1, *array.shape[1:]) for name, array in batch.items()}


@pytest.mark.parametrize(
    "layout, accumulate",
    [
        pytest.param(Jit(), 1, marks=pytest.mark.slow),
        pytest.param(Pmap(), 1, marks=pytest.mark.slow),
        (Jit(), 2),
        (Pmap(), 2),
    ],
    ids=["jit", "pmap", "jit-2", "pmap-2"],
)
def test_devices_and_micro_batches_make_the_update_of_the_whole(layout, accumulate, whole):
    batch = BATCH if accumulate == 1 else stacked(BATCH, accumulate)
    parts = updated(layout, batch, accumulate, jax.devices())
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6, rtol=1e-5), whole, parts)


def updated(layout, batch, accumulate, devices):
    first = initial(MODEL, MaskedTokens(), OPTIMIZER, BATCH)
    state = jax.device_put(first, layout.state_sharding(first, devices))
    axis = 0 if accumulate == 1 else 1
    step = layout.compile(MODEL, MaskedTokens(), OPTIMIZER, state, devices, rows_axis=axis)
    state, *_ = step(state, (), layout.put(batch, devices))
    return jax.device_get(state.params)


class Echo(Network):
    """Says of each place the piece that stands there, and of every pair that it follows."""

    vocab_size: int = 0

    def __call__(self, inputs, segments=None, characters=None, positions=None, train=False):
        read = jnp.take_along_axis(inputs, positions, axis=1)
        return 9.0 * jax.nn.one_hot(read, self.vocab_size), jnp.tile(jnp.array([1.0, 0.0]), (len(inputs), 1))


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "text.txt"
    lines = (
        f"The {animal} {number} sleeps. It is {colour}." for number in range(40) for animal, colour in KINDS
    )
    path.write_text("\n\n".join("\n".join([line] * 3) for line in lines) + "\n", encoding="utf-8")
    return Pretraining(TextFiles(str(path), train=0.6, valid=0.2), WordPiece(size=150), length=32)


KINDS = (("dog", "brown"), ("cat", "black"), ("cow", "white"), ("hen", "red"))


def trained(task, tmp_path, model, params, **fields):
    tokenizer = task.train_tokenizer()
    run = Run(model=model, task=task, objective=MaskedTokens(), batches=MaskedPairs(rows=4), **fields)
    model = dataclasses.replace(model, vocab_size=len(tokenizer))
    return Trained(run, model, params, tokenizer, "made up", tmp_path)


def test_scores_are_told_apart_by_what_is_read(task, tmp_path):
    done = trained(task, tmp_path, Echo(), {})
    results = {result.metric: result for result in PretrainingScores()(done)}
    value = {metric: result.value for metric, result in results.items()}
    assert value["masked-token accuracy, itself"] == 100
    assert value["masked-token accuracy, [MASK]"] == value["masked-token accuracy, another"] == 0
    pairs = MaskedBatches(task.encoded("test", done.tokenizer), MaskedPairs(rows=4), 0).plan
    follow = np.mean([pair.next == FOLLOWS for pair in pairs])
    assert value["next-sentence accuracy"] == pytest.approx(100 * follow)
    assert results["next-sentence accuracy"].protocol["signature"] == f"{len(pairs):,} pairs"
    right = value["masked-token accuracy"] / 100
    assert 0.05 < right < 0.2
    wrong = np.log(np.exp(9) + len(done.tokenizer) - 1)
    assert value["masked-token loss"] == pytest.approx(wrong - 9 * right, rel=1e-4)
    said = results["masked-token loss"].protocol["signature"]
    assert said.endswith("tokens, 15% masked, of these 80% [MASK], 10% replaced")


def test_every_run_is_scored_on_the_same_masked_tokens(task, tmp_path):
    done = trained(task, tmp_path, Echo(), {}, seed=7)
    other = dataclasses.replace(
        done,
        run=dataclasses.replace(
            done.run, seed=8, batches=MaskedPairs(rows=3, masking=Masking(masked=1.0, replaced=0.0))
        ),
    )
    assert list(PretrainingScores()(done)) == list(PretrainingScores()(other))
    metrics = {result.metric for result in PretrainingScores(masking=Masking(masked=1.0, replaced=0.0))(done)}
    assert "masked-token accuracy, itself" not in metrics and "masked-token accuracy, [MASK]" in metrics


def test_no_run_of_masked_tokens_has_a_perplexity(task, tmp_path):
    done = trained(task, tmp_path, Echo(), {})
    with pytest.raises(ValueError, match="Perplexity is of a text, and task=Pretraining is no Language"):
        Perplexity().require(done.run)
    assert not any("perplexity" in result.metric for result in PretrainingScores()(done))


def test_what_masks_no_tokens_is_not_scored(task):
    for run, complaint in (
        (Run(MaskedLM(), Translation()), "task=Translation is no Pretraining"),
        (Run(Echo(), task), "model=Echo is no MaskedLM"),
    ):
        with pytest.raises(ValueError, match=f"PretrainingScores scores masked tokens, and {complaint}"):
            PretrainingScores().require(run)
    PretrainingScores().require(Run(MaskedLM(), task))


@pytest.mark.slow
def test_a_small_encoder_learns_masked_tokens_and_following_texts(tmp_path):
    """A document is about one animal: which, its neighbours tell, and so does the other text of a pair."""
    lines = "The {0} {2}.\nThe {0} is {1}.\nIt {2}.\nAll is {1}.\n"
    kinds = (("dog", "brown", "barks"), ("cat", "black", "purrs"), ("cow", "white", "moos"))
    (tmp_path / "text.txt").write_text("\n\n".join(lines.format(*kind) for kind in kinds * 30))
    corpus = TextFiles(str(tmp_path), train=0.6, valid=0.2)
    task = Pretraining(corpus, WordPiece(size=100), length=24)
    tokenizer = task.train_tokenizer()
    model = MaskedLM(
        len(tokenizer),
        BERT(context=24, features=32, num_heads=2, num_layers=1, dropout=0.0, attention_dropout=0.0),
    )
    encoded, held_out = (task.encoded(split, tokenizer) for split in ("train", "valid"))
    batches, valid = MaskedPairs(rows=16).over(encoded, held_out, seed=0)
    optimizer = Adam(schedule=Constant(peak=4e-3, warmup=10), clip=1.0)
    state = initial(model, MaskedTokens(), optimizer, next(valid.once()))
    step = Jit().compile(model, MaskedTokens(), optimizer, state, jax.devices()[:1])
    losses, carry = [], ()
    for _ in range(200):
        state, carry, measures = step(state, carry, next(batches))
        losses.append(float(measures["loss"]))
    assert losses[0] == pytest.approx(np.log(len(tokenizer)) + np.log(2), rel=0.1)
    done = trained(task, tmp_path, model, state.params)
    value = {result.metric: result.value for result in PretrainingScores("valid")(done)}
    shares = np.unique(held_out.ids, return_counts=True)[1] / len(held_out.ids)
    assert value["masked-token loss"] < 0.6 * -(shares * np.log(shares)).sum()  # of what stands nowhere near
    assert value["next-sentence accuracy"] > 75, value
