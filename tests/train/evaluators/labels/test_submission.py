"""Runs on GLUE in small: what they say of hidden answers, and of single texts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.batches.examples import Padded, whole_batch
from data.corpora.glue import Glue
from data.tasks.classification import Classification
from data.tokenizers.levels import Words
from data.world.tasks import WorldRating
from data.world.world import World
from models.baselines.majority import Majority
from models.baselines.mean_score import MeanScore
from models.encoders.words import BagOfWords
from models.heads.classifier import Classifier
from train.evaluators.labels.submission import Submission
from train.evaluators.labels.text_scores import TextScores
from train.objectives.supervised import Label, Regress
from train.run import Run, Trained


@pytest.fixture
def glue(tmp_path, monkeypatch):
    monkeypatch.delenv("LOOKBACK_DATA", raising=False)
    header, rows = "index\tsentence1\tsentence2", ["a b\tb", "c\ta", "b c\ta a"]
    for task in ("RTE", "MNLI", "diagnostic", "STS-B"):
        (tmp_path / "glue_data" / task).mkdir(parents=True)
    number = lambda lines: "".join(f"{place}\t{line}\n" for place, line in enumerate(lines))
    folder = tmp_path / "glue_data"
    answers = ("entailment", "not_entailment", "not_entailment")
    (folder / "RTE/train.tsv").write_text(
        f"{header}\tlabel\n" + number(f"{row}\t{said}" for row, said in zip(rows, answers, strict=True))
    )
    (folder / "RTE/test.tsv").write_text(f"{header}\n" + number(rows))
    (folder / "STS-B/train.tsv").write_text(f"{header}\tscore\n" + number(f"{row}\t4.5" for row in rows))
    (folder / "STS-B/test.tsv").write_text(f"{header}\n" + number(rows))
    (folder / "diagnostic/diagnostic.tsv").write_text(f"{header}\n" + number(rows))
    return tmp_path


def trained(model, corpus, folder, data_dir, params=None):
    task = Classification(corpus, Words(least=1))
    tokenizer = task.train_tokenizer(str(data_dir))
    model = model.with_sizes(len(tokenizer), len(task.labels) or 1)
    examples = task.encoded("train", tokenizer, str(data_dir))
    params = model.fit(whole_batch(examples)) if model.fitted else params(model)
    folder.mkdir(exist_ok=True)
    run = Run(model, task, objective=Regress() if task.scored else Label(), batches=Padded())
    return Trained(run, model, params, tokenizer, "last", folder, str(data_dir))


def test_a_submission_is_what_the_run_says_of_test_in_its_order(glue, tmp_path):
    run = trained(Majority(), Glue("RTE"), tmp_path / "run", glue)
    assert list(Submission()(run)) == []
    written = (tmp_path / "run" / "submission" / "RTE.tsv").read_text()
    assert written == "index\tprediction\n" + "".join(f"{place}\tnot_entailment\n" for place in range(3))
    run = trained(MeanScore(), Glue("STS-B"), tmp_path / "run", glue)
    list(Submission()(run))
    assert (tmp_path / "run" / "submission" / "STS-B.tsv").read_text().splitlines()[1] == "0\t4.500"


def test_a_submission_of_another_task_or_of_other_labels_is_refused(glue, tmp_path):
    run = trained(Majority(), Glue("RTE"), tmp_path / "run", glue)
    with pytest.raises(ValueError, match="Submission: AX has other labels than task.corpus=Glue"):
        Submission(Glue("AX")).require(run.run)
    world = trained(MeanScore(), WorldRating(World(train=20)), tmp_path / "run", glue)
    with pytest.raises(ValueError, match="task.corpus=WorldRating is no Glue"):
        Submission().require(world.run)


def test_scores_of_texts_tell_how_much_of_them_is_unknown(glue, tmp_path):
    """A bag of words whose table is 1 for a known word and 0 for another: the score is the share known."""

    def params(model):
        shapes = model.init(jax.random.key(0), jnp.array([[1, 2]]))["params"]
        found = jax.tree.map(np.zeros_like, shapes)
        found["encoder"]["embedding"]["table"][4:] = 1.0
        found["output"]["kernel"][:] = 0.25
        return found

    model = Classifier(encoder=BagOfWords(embed_dim=4))
    run = trained(model, WorldRating(World(train=30)), tmp_path / "run", glue, params)
    word = run.tokenizer.pieces([5])[0].lstrip("▁")
    texts = (f"{word} {word}", f"{word} qqq")
    results = {(one.metric, one.name): one.value for one in TextScores(texts)(run)}
    assert results["unknown ids", texts[0]] == 0 and results["unknown ids", texts[1]] == 50
    assert results["score", texts[0]] == pytest.approx(2 / 4)  # BOS and EOS are read too
    assert results["score", texts[1]] == pytest.approx(1 / 4)
    with pytest.raises(ValueError, match="TextScores: .* has no scores"):
        TextScores(texts).require(trained(Majority(), Glue("RTE"), tmp_path / "run", glue).run)


def test_the_mean_score_is_the_mean_and_its_density_is_a_normal_one(glue, tmp_path):
    from scipy.stats import norm

    from data.items.example import Example

    examples = [Example([1], score) for score in (1.0, 2.0, 4.5)]
    model, batch = MeanScore(), whole_batch(examples)
    params = model.fit(batch)
    np.testing.assert_allclose(model.logits(params, batch), 2.5)
    np.testing.assert_allclose(
        model.log_probabilities(params, batch), norm.logpdf([1.0, 2.0, 4.5], loc=2.5, scale=1.0)
    )
