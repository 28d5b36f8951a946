"""Entity scores against conlleval's own output; a tagger that is trained, saved and asked again."""

import dataclasses
import re

import jax
import numpy as np
import pytest

from data.batches.examples import Padded
from data.corpora.tags import GeneratedTags
from data.tasks.tagging import Tagging
from data.tokenizers.whole_words import WholeWords
from data.world.world import World
from models.baselines.majority_tag import MajorityTag
from models.encoders.words import WordLSTM
from models.heads.tagger import Tagger
from models.layers.spelling import Capitals
from train.evaluators.labels.tags import EntityF1, TagAccuracy
from train.inference.word_tagger import WordTagger
from train.loop.training import train
from train.metrics.entities import entities, right
from train.objectives.tag_sequence import TagSequence
from train.optimizers import Adam, Constant
from train.run import Run
from train.weights.load import load


def accuracy(gold, found):
    words_right, words = map(sum, zip(*map(right, gold, found), strict=True))
    return words_right / words


def test_scores_are_conllevals_on_its_own_example(data_dir):
    """The example of CoNLL-2000 and what conlleval prints for it, overall and by type."""
    folder = data_dir / "reference_outputs" / "conlleval"
    sentences = [text.split("\n") for text in folder.joinpath("output.txt").read_text().strip().split("\n\n")]
    gold, found = ([[line.split()[at] for line in lines] for lines in sentences] for at in (2, 3))
    every, by_kind = entities(gold, found)
    told = folder.joinpath("result.txt").read_text()
    tokens, *counts = map(int, re.findall(r"\d+", told.split("\n")[0]))
    assert [sum(map(len, gold)), *every] == [tokens, *counts]
    percent = lambda *values: [f"{100 * value:.2f}" for value in values]
    first = percent(accuracy(gold, found), every.precision, every.recall, every.f1)
    assert first == re.findall(r"\d+\.\d+", told.split("\n")[1])
    lines = re.findall(r"(\w+): precision: *([\d.]+)%; recall: *([\d.]+)%; FB1: *([\d.]+) +(\d+)", told)
    ours = [
        (kind, *percent(one.precision, one.recall, one.f1), str(one.found)) for kind, one in by_kind.items()
    ]
    assert ours == lines and len(lines) == 6


def test_an_entity_is_right_with_both_its_ends_and_its_type():
    gold = [["B-X", "I-X", "O", "B-Y"], ["O"]]
    found = [["B-X", "O", "B-Z", "B-Y"], ["B-X"]]
    every, by_kind = entities(gold, found)
    assert every == (2, 4, 1) and by_kind["X"] == (1, 2, 0) and by_kind["Z"] == (0, 1, 0)
    assert (every.precision, every.recall, every.f1) == (0.25, 0.5, pytest.approx(1 / 3))
    assert by_kind["Z"].recall == by_kind["Z"].f1 == 0 and by_kind["Y"].f1 == 1
    assert accuracy(gold, found) == 2 / 5
    # The same spans in another scheme are the same entities.
    assert entities([["B-X", "E-X", "O", "S-Y"], ["O"]], found) == (every, by_kind)
    with pytest.raises(ValueError, match="3 tags were found for a sentence of 4 words"):
        entities(gold, [found[0][:3], ["O"]])


RUN = Run(
    model=Tagger(encoder=WordLSTM(embed_dim=16, features=16, spelling=Capitals()), crf=True),
    task=Tagging(
        GeneratedTags(World(train=120, valid=16, test=16, depth=0, distance=0), unseen=0.3),
        WholeWords(lowercase=True),
        characters=True,
        width=12,
    ),
    objective=TagSequence(),
    optimizer=Adam(schedule=Constant(peak=0.02), beta2=0.999),
    batches=Padded(tokens=512, shapes=1),
    steps=100,
    evaluate_every=50,
    keep=1,
    evaluators=(EntityF1(), TagAccuracy()),
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    directory = tmp_path_factory.mktemp("runs") / "0"
    train(RUN, directory)
    return load(directory)


def test_a_trained_tagger_knows_names_and_gives_one_tag_a_word(trained):
    results = {(result.metric, result.name): result.value for result in EntityF1()(trained)}
    assert results["F1", "test"] > 80 and {"F1 PER", "precision"} <= {metric for metric, _ in results}
    tagger = WordTagger(trained)
    sentences = [item.words for item in trained.task.labelled("test")]
    found = tagger(sentences)
    assert [len(tags) for tags in found] == [len(words) for words in sentences]
    # Whatever else is asked at the same time, and whatever is padded, a sentence has its tags.
    some = tagger([sentences[3], (), ("Zaphod",), sentences[0]])
    assert (some[0], some[1], some[3]) == (found[3], (), found[0]) and len(some[2]) == 1
    kept = (trained.directory / "outputs" / "test.conll").read_text()
    words = [line.split(" ") for line in kept.split("\n") if line]
    assert [word for word, _, _ in words] == [word for sentence in sentences for word in sentence]
    assert [tag for _, _, tag in words] == [tag for tags in found for tag in tags]


def test_accuracy_is_also_told_of_words_that_training_never_shows(trained):
    results = {result.metric: result for result in TagAccuracy()(trained)}
    seen = {word for item in trained.task.labelled("train") for word in item.words}
    new = sum(word not in seen for item in trained.task.labelled("test") for word in item.words)
    assert new and results["accuracy, new words"].protocol["signature"] == f"{new} words"
    assert results["accuracy"].value > 90


def test_the_loss_is_that_of_whole_sequences_a_word(trained):
    """-log p over all of a split by the model's own likelihood, and the mean the ledger has."""
    examples = trained.task.encoded("valid", trained.tokenizer)
    _, batches = Padded(tokens=128, shapes=2).over(examples, examples, 0)
    evaluate = jax.jit(lambda params, batch: RUN.objective.evaluate(trained.model, params, batch))
    total = count = 0.0
    for batch in batches.once():
        loss, (words, _) = evaluate(trained.params, batch)
        total, count = total + float(loss), count + float(words)
    assert count == sum(len(item.words) for item in trained.task.labelled("valid"))
    log = (trained.directory / "metrics.jsonl").read_text()
    losses = [float(found) for found in re.findall(r'"valid".*?"loss": ([\d.e-]+)', log)]
    assert min(abs(total / count - loss) for loss in losses) < 1e-4


def test_the_majority_tag_is_fitted_by_the_same_command(tmp_path):
    run = dataclasses.replace(RUN, model=MajorityTag())
    run.require()
    train(run, tmp_path / "0")
    trained = load(tmp_path / "0")
    results = {result.metric: result.value for result in EntityF1()(trained)}
    seen = {word for item in run.task.labelled("train") for word in item.words}
    gold = [
        item.tags[at]
        for item in run.task.labelled("test")
        for at, word in enumerate(item.words)
        if word in seen
    ]
    found = [
        tag
        for item, tags in zip(
            run.task.labelled("test"),
            WordTagger(trained)([item.words for item in run.task.labelled("test")]),
            strict=True,
        )
        for word, tag in zip(item.words, tags, strict=True)
        if word in seen
    ]
    assert (
        found == gold and results["recall"] < 100
    )  # in the world a word has one tag; names not seen have none
    assert np.isfinite(list(results.values())).all()


def test_tags_of_words_are_no_entities():
    run = dataclasses.replace(
        RUN, task=Tagging(GeneratedTags(RUN.task.corpus.world, tags="pos"), characters=True)
    )
    complaint = r"EntityF1: tags of task.corpus=GeneratedTags mark no entities; set evaluators=\(TagAccuracy"
    with pytest.raises(ValueError, match=complaint):
        run.require()


def test_whole_sequences_are_learned_with_a_random_field_alone():
    run = dataclasses.replace(RUN, model=dataclasses.replace(RUN.model, crf=False))
    with pytest.raises(ValueError, match=r"Tagger\(crf=False\) knows no sequences: set model.crf=True or"):
        run.require()
