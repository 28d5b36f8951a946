"""A direction never learned: by way of another language, and into which language after all."""

import dataclasses

import pytest

from data.corpora.parallel import Directions, Generated
from data.world.world import World
from experiments.tables.translation import zero_shot as table
from train.evaluators.translation import bleu_scores, zero_shot
from train.evaluators.translation.bleu_scores import Bleu
from train.evaluators.translation.zero_shot import OffTarget, PivotBleu
from train.inference.translator import Hypothesis

WORLD = Generated(World(vocabulary=0.2, depth=0, distance=0, train=120, valid=5, test=12))
TASK = dataclasses.replace(table.WORLD.task, corpus=Directions(WORLD))
TEXTS = {
    language: [text for text, _ in WORLD.pairs("test", language, other)]
    for language, other in (("en", "de"), ("de", "fr"), ("fr", "en"))
}


class Knows:
    """Stands for a translator: knows the test in the two directions that were learned, else says German."""

    def __init__(self, also=()):
        self.also = {("en", "de"), ("de", "fr"), *also}
        self.tokenizer = type("Tokenizer", (), {"lowercases": False})
        self.asked = []

    def __call__(self, lines):
        for line in lines:
            self.asked.append(line)
            tag, _, text = line.partition(" ")
            source = next(language for language, texts in TEXTS.items() if text in texts)
            target = tag[1:] if (source, tag[1:]) in self.also else "de"
            yield [Hypothesis(TEXTS[target][TEXTS[source].index(text)], 0.0, 0.0, ())]


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """A stand-in of a trained run, and its translator."""
    translator = Knows()
    for module in (bleu_scores, zero_shot):
        monkeypatch.setattr(module.Translator, "of", lambda *_: translator)

    class Stub:
        task, run, tokenizer, data_dir, directory = (
            TASK,
            dataclasses.replace(table.WORLD, task=TASK),
            None,
            None,
            tmp_path,
        )
        protocol = staticmethod(lambda corpus, **more: {"corpus": corpus} | more)
        knows = translator

    return Stub()


@pytest.mark.parametrize("rows", [table.TABLE.rows, table.TABLE.real.rows], ids=["generated", "real"])
def test_all_rows_are_scored_on_the_same_sentences_and_stand_in_one_column(rows):
    for judges in zip(*(run.evaluators for run in rows.values()), strict=True):
        told = {
            judge.judged(run.task).protocol("test") for judge, run in zip(judges, rows.values(), strict=True)
        }
        assert len(told) == 1 and len({*judges}) == 1


def test_the_claim_compares_what_has_learned_its_directions_from_halves_that_share_no_sentence():
    first, second = (table.TABLE.rows[row].task.corpus for row in ("first alone", "sequential"))
    assert (second.earlier, second.directions) == (first.directions, first.later)


def test_by_way_of_the_third_language_it_says_what_it_learned(trained):
    scores = lambda judge: {one.metric: one.value for one in judge(trained)}["BLEU"]
    assert scores(PivotBleu(through="de")) == pytest.approx(100.0)
    assert next(PivotBleu()(trained)).protocol["decoding"].endswith("through de")
    trained.knows.asked = trained.knows.asked[: len(trained.knows.asked) // 2]
    half = len(trained.knows.asked) // 2
    assert all(line.startswith("2de ") for line in trained.knows.asked[:half])
    assert all(line.startswith("2fr ") for line in trained.knows.asked[half:])
    assert scores(Bleu()) < 40
    assert scores(Bleu(direction="en-de", name="en-de")) == pytest.approx(100.0)


def test_what_is_said_in_another_language_is_off_target(trained):
    found = {one.metric: one for one in OffTarget()(trained)}
    assert found["off target"].value >= 90 and found["empty"].value == found["copied"].value == 0.0
    trained.knows.also.add(("en", "fr"))
    assert {one.metric: one.value for one in OffTarget()(trained)}["off target"] <= 10


def test_copies_and_silence_are_in_no_language(trained, monkeypatch):
    said = iter(["", f"2fr {TEXTS['en'][1]}", *TEXTS["en"][2:]])
    monkeypatch.setattr(
        Knows, "__call__", lambda self, lines: ([Hypothesis(next(said), 0.0, 0.0, ())] for _ in lines)
    )
    found = {one.metric: one.value for one in OffTarget()(trained)}
    assert found == {"off target": 0.0, "empty": pytest.approx(100 / 12), "copied": pytest.approx(1100 / 12)}


@pytest.mark.parametrize(
    "judge, said",
    [
        (PivotBleu(through="fr"), "PivotBleu.through"),
        (PivotBleu(through="cs"), "PivotBleu.through"),
        (Bleu(split="valid", direction="en-de"), "Bleu.split='valid' has several directions"),
        (PivotBleu(split="valid"), "PivotBleu.split"),
        (OffTarget(split="valid"), "OffTarget.split"),
        (Bleu(direction="en>fr"), "'en>fr' is no direction"),
        (Bleu(direction="en-cs"), "Bleu.direction: .*cs"),
    ],
)
def test_what_cannot_be_judged_is_told_in_a_line(judge, said):
    with pytest.raises(ValueError, match=f"{said}[^\n]*$"):
        judge.require(table.WORLD)
    PivotBleu().require(table.WORLD)
