"""Do words in their sentence, as a language model of both directions reads them, help other tasks?

    lookback run elmo_pretraining && lookback run elmo_tasks      6 rows x 3 seeds on the generated world
    lookback run elmo_pretraining --data-dir CORPORA              on CoNLL-2003 and SST-5: half an hour, then
    lookback run elmo_tasks --data-dir CORPORA                    5 to 25 minutes a run on one core

A row "+ ELMo" is the one above it with the layers of a frozen ELMo beside its words, mixed as the task likes
it best, and "+ ELMo untrained" has one of random weights, which must not help; `layer 0` to `layer 2` are the
shares they come to have, that of words without context first, and gamma is what scales them (Peters et al.
2018, eq. 1). Error reduction is gain / (100 - baseline), which the paper calls the relative increase. Its
other four tasks are printed only: their corpora are not to be had.
"""

import dataclasses

from data.batches.examples import Padded
from data.corpora.polarity import Polarity
from data.corpora.sentiment import StanfordSentiment
from data.tasks.classification import Classification
from data.tokenizers.whole_words import WholeWords
from data.world.tasks import WorldRating
from data.world.world import World
from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.compared import ErrorReduction, PairedBootstrap, error_reduction
from experiments.report.quantities import Gained, PairedTest, Score
from experiments.report.table import Published, Table
from experiments.tables.representations.elmo_pretraining import MEDIUM, SMALL, WIDTH
from experiments.tables.understanding import tagging
from models.encoders.elmo import ELMo
from models.encoders.mixed_layers import MixedLayers
from models.encoders.words import WordLSTM
from models.heads.classifier import Classifier
from models.heads.pooling import Max
from train.evaluators.labels.predictions import Accuracy
from train.evaluators.labels.tags import EntityF1
from train.evaluators.vectors.layer_shares import LayerShares
from train.objectives.supervised import Label
from train.optimizers import Adam, Constant
from train.parts import override
from train.run import Run
from train.weights.initial import Pretrained


def with_elmo(run: Run, elmo: ELMo, experiment: str | None) -> Run:
    """The run with the layers of that experiment's ELMo beside its words; of a random one if None."""
    encoder = dataclasses.replace(run.model.encoder, contextual=MixedLayers(encoder=elmo))
    return dataclasses.replace(
        run,
        model=dataclasses.replace(run.model, encoder=encoder),
        evaluators=(*run.evaluators, LayerShares()),
        initial=experiment and Pretrained(experiment, "ELMo", into="encoder/contextual/encoder"),
    )


def rows(tasks: dict[str, Run], elmo: ELMo, experiment: str) -> dict[str, Run]:
    """Each task without ELMo, with it, and with one of random weights."""
    return {
        row: run
        for name, alone in tasks.items()
        for row, run in (
            (name, alone),
            (f"{name} + ELMo", with_elmo(alone, elmo, experiment)),
            (f"{name} + ELMo untrained", with_elmo(alone, elmo, None)),
        )
    }


NAMES = dataclasses.replace(tagging.WORLD, evaluators=(EntityF1(),))
STARS = Run(
    model=Classifier(
        encoder=WordLSTM(embed_dim=32, features=32, unknown=0.3, rare=1.0, dropout=0.3),
        pooling=Max(),
        dropout=0.3,
    ),
    task=Classification(
        Polarity(WorldRating(World(train=500), slang=0.5)),
        WholeWords(lowercase=True),
        characters=True,
        width=WIDTH,
    ),
    objective=Label(),
    optimizer=Adam(schedule=Constant(peak=5e-3, warmup=20), beta2=0.999, epsilon=1e-8, clip=5.0),
    batches=Padded(tokens=512, shapes=3),
    steps=300,
    evaluate_every=50,
    keep=1,
    evaluators=(Accuracy("test"),),
)

# Ten epochs instead of the twenty-five of `tagging`: the rows with ELMo take half as long again.
FEWER = 10 * tagging.EPOCH
CONLL = override(
    dataclasses.replace(tagging.CONLL, evaluators=(EntityF1("valid"),)),
    [f"steps={FEWER}", f"optimizer.schedule.steps={FEWER}"],
)
SST = Run(
    model=Classifier(
        encoder=WordLSTM(embed_dim=100, features=150, unknown=0.3, rare=0.5, dropout=0.5),
        pooling=Max(),
        dropout=0.5,
    ),
    task=Classification(StanfordSentiment(), WholeWords(lowercase=True), characters=True, width=WIDTH),
    objective=Label(),
    optimizer=Adam(schedule=Constant(peak=1e-3, warmup=100), beta2=0.999, epsilon=1e-8, clip=5.0),
    batches=Padded(tokens=1024),
    steps=3000,
    evaluate_every=100,
    patience=6,
    keep=1,
    evaluators=(Accuracy("valid"), Accuracy("test")),
)

_TABLE_1 = (
    "test sets: SNLI and SST-5 accuracy, all else F1; NER, SNLI and SST-5 mean ± deviation of five seeds; "
    "ELMo from a biLM of a billion words. Error reduction is what the paper calls relative; its gain for "
    "NER, 2.07 by these figures, is printed 2.06"
)
PETERS = (
    ("SQuAD", "84.4", "81.1", "85.8"),
    ("SNLI", "88.6", "88.0", "88.7 ± 0.17"),
    ("SRL", "81.7", "81.4", "84.6"),
    ("Coref", "67.2", "67.2", "70.4"),
    ("NER", "91.93 ± 0.19", "90.15", "92.22 ± 0.10"),
    ("SST-5", "53.7", "51.4", "54.7 ± 0.5"),
)


def published(task: str, best_before: str, baseline: str, elmo: str) -> Published:
    """A row of the paper's table, its gain and error reduction reckoned from its scores."""
    before, after = float(baseline), float(elmo.partition(" ")[0])
    digits = len(baseline.partition(".")[2])
    values = {
        "best before": best_before,
        "baseline": baseline,
        "+ ELMo": elmo,
        "gain": f"{after - before:.{digits}f}",
        "error reduction": f"{error_reduction(before, after):.1f} %",
    }
    return Published(task, values, _TABLE_1, "Peters et al. 2018, table 1, as the lecture shows it")


def columns(names: str, texts: tuple[str, str]) -> dict:
    """F1 of a split, and accuracy of texts, what they are for and on which split."""
    name, split = texts
    of = (Column("F1", names), Column("accuracy", split))
    rivals = (("names + ELMo", "names"), (f"{name} + ELMo", name))
    return {
        "F1": of[0],
        "accuracy": of[1],
        "p": PairedBootstrap(of, rivals),
        "error reduction": ErrorReduction(of, rivals),
        **{
            metric: Column(metric, "mixture", digits, better="neither")
            for metric, digits in (("layer 0", 0), ("layer 1", 0), ("layer 2", 0), ("gamma", 2))
        },
        **{name: COSTS[name] for name in ("parameters", "time")},
    }


SMOKE = ("steps=2", "evaluate_every=1", "batches.tokens=128", "batches.shapes=1", "initial=None", "average=0")

TABLE = Table(
    name="elmo_tasks",
    title="Names in German and reviews in English with and without ELMo, generated world",
    lecture="001",
    rows=rows({"names": NAMES, "reviews": STARS}, SMALL, "elmo_pretraining"),
    columns=columns("test", ("reviews", "test")),
    baseline="names",
    smoke=SMOKE,
    real=Table(
        name="elmo_tasks-conll2003-sst5",
        title="Names (CoNLL-2003, eng.testa) and sentiment (SST-5) with and without ELMo",
        rows=rows({"names": CONLL, "SST-5": SST}, MEDIUM, "elmo_pretraining-words"),
        columns=columns("valid", ("SST-5", "test")),
        baseline="names",
        published=tuple(published(*row) for row in PETERS),
        smoke=SMOKE,
    ),
)


def helps(task: str, metric: str, least: float) -> tuple[Part, Part]:
    """That a task gains by ELMo, and not by one of random weights; `least` is what it reaches without."""
    score = lambda row: Score("elmo_tasks", row, metric)
    tested = lambda row: PairedTest("elmo_tasks", row, task, metric)
    learned = Part(f"{metric} of {task}", score(task), least=least)
    return (
        Part(
            f"{metric} of {task} + ELMo less {task}",
            score(f"{task} + ELMo") - score(task),
            least=0,
            test=tested(f"{task} + ELMo"),
            given=(learned,),
        ),
        Part(
            f"{task} gains by an untrained ELMo, at p < 0.05 (1) or not (0)",
            Gained(tested(f"{task} + ELMo untrained")),
            most=0,
            given=(learned,),
        ),
    )


CLAIMS = (
    Claim(
        "C22",
        "001",
        "adding ELMo helps every task",
        (*helps("names", "F1", 30), *helps("reviews", "accuracy", 40)),
    ),
)
