"""Samples of models whose distribution is known, and the very text that both kinds of model learn from."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.batches.masked import MaskedPairs
from data.batches.streams import Windows
from data.corpora.text import TextFiles
from data.tasks.pretraining import Pretraining
from data.tasks.sentence_text import SentenceText
from data.tokenizers.wordpiece import WordPiece
from models.encoders.bert import BERT
from models.heads.masked_lm import MaskedLM
from models.language.gpt2 import GPT2
from models.language.ngram import NGram
from train.evaluators.language.sampled_text import SampledText, gibbs, pieces
from train.objectives.masked_tokens import MaskedTokens
from train.objectives.next_token import NextToken
from train.run import Run, Trained

TEXT = (
    "The old baker sings. A young cook hears it! Who\nhears the cook?\n\nThe door opens. It is old.\n\n" * 12
)
PIECES = WordPiece(size=60)
JUDGE = SampledText(count=6, length=5, sweeps=2, order=2)


class Agreeing(nn.Module):
    """Of two pieces, 4 and 5, the one that the left neighbour is, with 3 to 1; 4 and 5 alike behind BOS."""

    @nn.compact
    def __call__(self, inputs, segments, characters, positions):
        left = jnp.take_along_axis(inputs, positions - 1, axis=1)
        right = jnp.take_along_axis(inputs, positions + 1, axis=1)
        same = lambda one, other: jnp.where(one == other, jnp.log(3.0), 0.0)
        logits = jnp.stack([same(left, piece) + same(right, piece) for piece in range(6)], axis=-1)
        return logits, jnp.zeros((len(inputs), 2))


def test_gibbs_samples_have_the_distribution_whose_conditionals_the_model_gives():
    """p(x) ~ 3^(number of equal neighbours): three pieces, both pairs alike 9, one 3, none 1."""
    rows = np.full((8000, 5), 3, np.int32)
    rows[:, 0], rows[:, -1] = 1, 2
    found = np.asarray(
        gibbs(Agreeing(), {}, jnp.asarray(rows), jax.random.key(0), 12, mask=3, never=(0, 1, 2, 3))
    )
    assert (found[:, 0] == 1).all() and (found[:, -1] == 2).all() and set(found[:, 1:-1].ravel()) == {4, 5}
    alike = (found[:, 1:-2] == found[:, 2:-1]).sum(axis=1)
    shares = np.bincount(alike, minlength=3) / len(found)
    np.testing.assert_allclose(shares, np.array([2, 2 * 2 * 3, 2 * 9]) / 32, atol=0.02)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "tale.txt"
    path.write_text(TEXT, encoding="utf-8")
    return TextFiles(str(path), train=0.5, valid=0.25)


def trained(run: Run, directory=None) -> Trained:
    tokenizer = run.task.train_tokenizer()
    model = run.model.with_sizes(len(tokenizer), 1)
    params = jax.jit(model.init)(jax.random.key(0), jnp.full((1, 8), 4))["params"]
    return Trained(run, model, params, tokenizer, "made up", directory)


def runs(corpus) -> dict[str, Run]:
    bert = BERT(context=16, features=8, num_heads=2, num_layers=1, dropout=0.0)
    return {
        "masked": Run(
            model=MaskedLM(encoder=bert),
            task=Pretraining(corpus, PIECES, length=16, next_sentence=False),
            objective=MaskedTokens(next_sentence=False),
            batches=MaskedPairs(rows=2),
        ),
        "left to right": Run(
            model=GPT2(context=16, features=8, num_heads=2, num_layers=1),
            task=SentenceText(corpus, PIECES),
            objective=NextToken(),
            batches=Windows(2, 8),
        ),
    }


def test_both_kinds_of_model_learn_from_the_same_pieces(corpus):
    masked, reading = (trained(run) for run in runs(corpus).values())
    assert masked.tokenizer.hash == reading.tokenizer.hash
    for split in ("train", "test"):
        np.testing.assert_array_equal(pieces(masked, split), pieces(reading, split))
    lines = reading.task.text("train").splitlines()
    assert lines[:4] == [
        "The old baker sings.",
        "A young cook hears it!",
        "Who hears the cook?",
        "The door opens.",
    ]


@pytest.mark.parametrize("kind", ("masked", "left to right"))
def test_the_score_is_the_judges_perplexity_of_whole_rows_of_pieces(corpus, kind, tmp_path):
    done = trained(runs(corpus)[kind], tmp_path)
    rows = (JUDGE.masked if kind == "masked" else JUDGE.continued)(done, jax.random.key(done.run.seed))
    assert {len(row) for row in rows} == {5}
    special = {done.tokenizer.pad, done.tokenizer.bos, done.tokenizer.eos, done.tokenizer.mask}
    assert not special & {int(piece) for row in rows for piece in row}
    judge = NGram(len(done.tokenizer), 2, across_sentences=True)
    fitted = judge.fit(pieces(done, "train"))
    losses = np.concatenate([-judge.log_probabilities(fitted, np.asarray(row)) for row in rows])
    samples, text = JUDGE(done)
    assert samples.name == "samples" and samples.value == pytest.approx(np.exp(losses.mean()))
    kept = (tmp_path / "outputs" / "samples.text").read_text("utf-8")
    assert kept == "".join(f"{done.tokenizer.decode(row)}\n" for row in rows)
    assert text.name == "test" and text.value < samples.value  # untrained models write at random


def test_what_leaves_no_room_is_refused(corpus):
    for run in runs(corpus).values():
        JUDGE.require(run)
        with pytest.raises(ValueError, match="SampledText.length=20 wants room"):
            SampledText(length=20).require(run)
