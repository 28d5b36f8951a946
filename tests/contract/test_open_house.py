"""The open house: this file alone defines a part of every role, and trains, evaluates and tables them.

Nothing else in the repository names what stands here, so that what works here works in a user's own file.
"""

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tokenizers
from jaxtyping import Array, Float, Int

from data.batches.examples import Padded
from data.batches.streams import StreamBatches, Streams
from data.fields import Count, Positive, Rate
from data.ids import SPECIALS, UNK
from data.items.corpus import LabelledCorpus, TextCorpus
from data.items.example import Example
from data.items.labelled import Labelled
from data.splits import SPLITS
from data.tasks.language import LanguageModelling
from data.tasks.task import Task
from data.tokenizers.level import Level
from data.tokenizers.tokenizer import Tokenizer
from models.attention.scores import Score
from models.encoders.encoder import Encoder
from models.heads.classifier import Classifier
from models.heads.pooling import Pooling
from models.language.ngram import NGram
from models.language.recurrent_lm import RecurrentLM
from models.language.rnn import RNNLM
from models.language.smoothing import Smoothing
from models.layers.compositions import Composition
from models.layers.embedding import Embed
from train.evaluators.language.perplexities import Perplexity
from train.inference.predictor import Predictor
from train.loop.training import train
from train.objectives.next_token import NextToken
from train.objectives.supervised import Supervised
from train.optimizers import Adam, Schedule
from train.parts import from_tree, override, to_tree
from train.run import Evaluator, Result, Run, Trained


@dataclasses.dataclass(frozen=True)
class Counting(TextCorpus):
    """Lines that count to `most` in letters: "a b c ..", the same in every split but for where they begin."""

    most: Positive = 5
    lines: Positive = 40

    def text(self, split: str, data_dir: str | None = None) -> str:
        first = SPLITS.index(split)
        letters = "abcdefghijklmnopqrstuvwxyz"
        line = lambda number: " ".join(letters[(number + step) % 26] for step in range(self.most))
        return "".join(f"{line(first + number)}\n" for number in range(self.lines))

    def protocol(self, split: str) -> str:
        return f"Counting({self.changed()}), {split}"


@dataclasses.dataclass(frozen=True)
class Letters(Level):
    """An id for each letter of the alphabet, whatever the training text."""

    def train(self, texts: Iterable[str]) -> Tokenizer:
        ids = {name: index for index, name in enumerate((*SPECIALS, *"abcdefghijklmnopqrstuvwxyz"))}
        core = tokenizers.Tokenizer(tokenizers.models.WordLevel(ids, unk_token=SPECIALS[UNK]))
        core.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
        core.add_special_tokens(list(SPECIALS))
        return Tokenizer(core.to_str())


@dataclasses.dataclass(frozen=True)
class Reversed(Streams):
    """Streams whose rows come in the opposite order: a batching is what cuts, and nothing else knows how."""

    def over(self, train, valid, seed, accumulate=1, before=None):
        batches = [
            StreamBatches(split, self, 1 if split is valid else accumulate, before)
            for split in (train, valid)
        ]
        return tuple(batches)


class Cosine2(Score):
    """2 q . k / (|q| |k|)."""

    def compare(self, q: Float[Array, "B T D"], projected: Float[Array, "B S D"]) -> Float[Array, "B T S"]:
        unit = lambda x: x / (jnp.linalg.norm(x, axis=-1, keepdims=True) + 1e-6)
        return 2.0 * jnp.einsum("BTD,BSD->BTS", unit(q), unit(projected))


class Product(Composition):
    """c * s."""

    def __call__(self, state: Float[Array, "*B H"], context: Float[Array, "*B H"]) -> Float[Array, "*B H"]:
        return context * state


class MeanOfPast(RecurrentLM):
    """softmax(W mean(E[x_1] .. E[x_t])): a language model that knows of no order."""

    features: Positive = 8

    def setup(self):
        self.embedding = Embed(self.vocab_size, self.features)
        self.output = nn.Dense(self.vocab_size)

    def start(self, batch: int, length: int):
        return jnp.zeros((batch, self.features)), jnp.zeros((batch, 1))

    def advance(self, carry, tokens: Int[Array, "B T"], lengths: Int[Array, "B"], train: bool):
        total, count = carry
        real = (jnp.arange(tokens.shape[1]) < lengths[:, None])[..., None]
        words = jnp.where(real, self.embedding(tokens), 0.0)
        sums = total[:, None] + jnp.cumsum(words, axis=1)
        counts = count[:, None] + jnp.cumsum(real, axis=1)
        return sums / jnp.maximum(counts, 1), (sums[:, -1], counts[:, -1].astype(jnp.float32))

    def logits(self, states: Float[Array, "*B D"]) -> Float[Array, "*B V"]:
        return self.output(states)


class OneHot(Encoder):
    """h_t = a learned multiple of the one-hot vector of x_t; 0 where there is padding."""

    vocab_size: Count = 0

    @nn.compact
    def __call__(self, inputs, segments=None, characters=None, train=False):
        size = self.param("size", nn.initializers.ones, (self.vocab_size,))
        return jnp.where((inputs != 0)[..., None], jax.nn.one_hot(inputs, self.vocab_size) * size, 0.0)


class Total(Pooling):
    """sum_t h_t."""

    def __call__(self, states: Float[Array, "B T D"], mask) -> Float[Array, "B D"]:
        return jnp.sum(jnp.where(mask[..., None], states, 0.0), axis=1)


@dataclasses.dataclass(frozen=True)
class Halves(Smoothing):
    """Half of what maximum likelihood gives, and half for the shorter history."""

    def shares(self, counts, contexts, size, words):
        total = np.maximum(np.bincount(contexts, counts, size), 1e-9)
        seen = np.bincount(contexts, counts, size) > 0
        return 0.5 * counts / total[contexts], np.where(seen, 0.5, 1.0)


@dataclasses.dataclass(frozen=True)
class Bells(LabelledCorpus):
    """Lines of a's and b's, and whether the a's are even."""

    size: Positive = 24
    labels = ("odd", "even")

    def items(self, split: str, data_dir: str | None = None) -> Sequence[Labelled]:
        draw = np.random.default_rng(SPLITS.index(split))
        lines = ["".join(draw.choice(list("ab"), draw.integers(1, 6))) for _ in range(self.size)]
        return [Labelled(" ".join(line), None, int(line.count("a") % 2 == 0)) for line in lines]

    def protocol(self, split: str) -> str:
        return f"Bells {split}"


@dataclasses.dataclass(frozen=True)
class Parity(Task):
    """Whether a line has an even number of a's."""

    gives = "examples"
    targets = "the parity of a line"
    corpus: LabelledCorpus = Bells()
    tokenizer: Level = Letters()

    @property
    def labels(self) -> tuple[str, ...]:
        return self.corpus.labels

    def train_tokenizer(self, data_dir: str | None = None) -> Tokenizer:
        return self.tokenizer.tokenizer(lambda: self.corpus.sentences("train", data_dir), data_dir)

    def encoded(self, split: str, tokenizer: Tokenizer, data_dir: str | None = None) -> list[Example]:
        items = self.corpus.items(split, data_dir)
        ids = tokenizer.encode([item.first for item in items])
        return [Example(row, item.target) for row, item in zip(ids, items, strict=True)]


@dataclasses.dataclass(frozen=True)
class Hinge(Supervised):
    """max(0, 1 - y (z_1 - z_0)), y = 1 for class 1 and -1 for class 0."""

    learns = ("the parity of a line",)

    def losses(self, outputs, targets, train):
        sign = 2.0 * targets - 1.0
        return jnp.maximum(0.0, 1.0 - sign * (outputs[..., 1] - outputs[..., 0]))


@dataclasses.dataclass(frozen=True)
class Falling(Schedule):
    """peak / (update + 1)."""

    peak: Rate = 1e-2

    def __call__(self, update: Int[Array, ""]) -> Float[Array, ""]:
        return self.peak / (update + 1.0)


@dataclasses.dataclass(frozen=True)
class ShareRight(Evaluator):
    """The share of lines whose parity is right, in per cent."""

    needs = {"task": Parity}
    why = "judges parities"
    split: str = "test"

    def __call__(self, trained: Trained) -> Iterator[Result]:
        examples = trained.task.encoded(self.split, trained.tokenizer)
        said = np.stack(Predictor(trained)(examples)).argmax(axis=-1)
        right = np.mean(said == [one.targets for one in examples])
        yield Result("right", self.split, 100 * float(right), {"corpus": trained.task.protocol(self.split)})


COUNTED = LanguageModelling(Counting(), Letters())
LANGUAGE = Run(
    model=MeanOfPast(),
    task=COUNTED,
    objective=NextToken(carried=True),
    optimizer=Adam(schedule=Falling()),
    batches=Reversed(rows=2, length=6),
    steps=2,
    evaluate_every=1,
    evaluators=(Perplexity("valid"),),
)
RUNS = {
    "own language model": LANGUAGE,
    "own score": dataclasses.replace(LANGUAGE, model=RNNLM(score=Cosine2(), window=4)),
    "own composition": dataclasses.replace(
        LANGUAGE, model=RNNLM(score=Cosine2(), composition=Product(), window=4)
    ),
    "own smoothing": dataclasses.replace(LANGUAGE, model=NGram(order=2, smoothing=Halves())),
    "own task": dataclasses.replace(
        LANGUAGE,
        model=Classifier(encoder=OneHot(), pooling=Total()),
        task=Parity(),
        objective=Hinge(),
        batches=Padded(tokens=64, shapes=1),
        evaluators=(ShareRight(),),
    ),
}
named = pytest.mark.parametrize("name", RUNS)


@named
def test_a_part_of_ones_own_goes_into_run_json_and_out(name):
    assert from_tree(json.loads(json.dumps(to_tree(RUNS[name])))) == RUNS[name]


def test_a_part_of_ones_own_is_one_word_on_the_command_line():
    run = override(
        LANGUAGE, ["model=RNNLM(score=Cosine2)", "task.corpus.most=7", "optimizer.schedule=Falling"]
    )
    assert run.model.score == Cosine2() and run.task.corpus == Counting(most=7)
    with pytest.raises(ValueError, match="Counting.most takes int, at least 1, not 0"):
        override(LANGUAGE, ["task.corpus.most=0"])


def test_parts_of_ones_own_that_do_not_go_together_are_told_in_one_line():
    own = RUNS["own task"]
    for wrong, words in (
        (dataclasses.replace(own, objective=NextToken()), "set objective=Hinge()"),
        (
            dataclasses.replace(own, batches=Streams()),
            "cuts a stream of tokens, and task=Parity gives examples",
        ),
        (dataclasses.replace(LANGUAGE, evaluators=(ShareRight(),)), "ShareRight judges parities, and task="),
        (dataclasses.replace(own, evaluators=(ShareRight("all"),)), "unknown ShareRight.split 'all'"),
    ):
        with pytest.raises(ValueError, match=re.escape(words)) as raised:
            wrong.require()
        assert "\n" not in str(raised.value)


@pytest.fixture(scope="module")
def runs_dir(tmp_path_factory):
    """Every run, trained for two steps."""
    folder = tmp_path_factory.mktemp("runs")
    for name, run in RUNS.items():
        train(run, folder / "open_house" / name / "0", None, "open_house", name)
    return folder


def test_they_are_trained_evaluated_and_stand_in_a_table(runs_dir):
    from experiments.report.columns import COSTS, Column
    from experiments.report.table import Table, render
    from train.folder.record import collect

    table = Table(
        name="open_house",
        title="What a user adds",
        rows=RUNS,
        columns={
            "perplexity": Column("perplexity", "valid", better="lower"),
            "right": Column("right", "test"),
            **COSTS,
        },
        baseline="own language model",
        seeds=(0,),
    )
    lines = render(table, collect(runs_dir, "open_house")).splitlines()
    cells = {
        line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:]]
        for line in lines
        if "|" in line
    }
    for name in ("own language model", "own score", "own composition", "own smoothing"):
        assert float(cells[name][1].strip("*")) > 1 and cells[name][2] == "–"
    assert 0 <= float(cells["own task"][2].strip("*")) <= 100


@pytest.mark.parametrize("model", [MeanOfPast(30), RNNLM(30, score=Cosine2(), window=4)], ids=repr)
def test_no_state_depends_on_what_follows(model):
    inputs = jnp.array([[5, 6, 7, 8, 9]])
    params = model.init(jax.random.key(0), inputs)
    changed = inputs.at[0, 3].set(11)
    before, after = (model.apply(params, rows)[0, :3] for rows in (inputs, changed))
    assert jnp.array_equal(before, after)
    assert not jnp.array_equal(*(model.apply(params, rows)[0, 3] for rows in (inputs, changed)))


def test_padding_changes_nothing_that_an_encoder_of_ones_own_says():
    model = Classifier(30, encoder=OneHot(), pooling=Total(), classes=2)
    params = model.init(jax.random.key(0), jnp.array([[5, 6, 2]]))
    short, long = (
        model.apply(params, jnp.array([[5, 6, 2]])),
        model.apply(params, jnp.array([[5, 6, 2, 0, 0]])),
    )
    assert jnp.allclose(short, long, atol=1e-6)
