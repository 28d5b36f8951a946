"""Does a model that learned A to B and B to C translate A to C?

    lookback run zero_shot                         5 rows x 3 seeds on the generated world, minutes each
    lookback run zero_shot --data-dir CORPORA      Multi30k, de-en and en-fr, tested on de-fr: hours

"Train A to B, B to C" (lecture 001): one Transformer for all directions, which is told by a word before the
source what to say (Johnson et al. 2017). The two directions are learned from halves of the corpus that share
no sentence, so that nothing is there in three languages; "overlapping" learns both from all of it.
"sequential" learns one after the other, as the lecture has it, and its column of the first shows what it
forgot. "supervised" learns the third direction too, from the first's half, in as many updates. A pivot is the
same model twice, by way of B.
"""

import dataclasses

from data.corpora.parallel import Directions, Generated, Multi30k
from data.tasks.translation import Translation
from data.tokenizers.levels import BPE
from data.world.world import World
from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import Score
from experiments.report.table import Table
from experiments.tables.translation.translation import (
    FEW,
    MULTI30K_TRANSFORMER,
    WORLD_LSTM,
    WORLD_TRANSFORMER,
)
from train.evaluators.translation.bleu_scores import Bleu
from train.evaluators.translation.zero_shot import OffTarget, PivotBleu
from train.run import Run
from train.weights.initial import Pretrained


def rows(run: Run, first: str, second: str, table: str, **judged) -> dict[str, Run]:
    """{row: run} of a joint run of two directions, its corpus Directions, tested on the third."""
    third = "-".join(run.task.direction)
    through = first.partition("-")[2]
    evaluators = (
        Bleu(**judged),
        PivotBleu(through=through, **judged),
        *(Bleu(direction=way, name=way, **judged) for way in (first, second)),
        OffTarget(),
    )

    def learning(*directions: str, **more) -> Run:
        corpus = dataclasses.replace(run.task.corpus, directions=directions, **more)
        task = dataclasses.replace(run.task, corpus=corpus)
        return dataclasses.replace(run, task=task, evaluators=evaluators)

    alone = learning(first, later=(second,))
    return {
        "joint": learning(first, second),
        "overlapping": learning(first, second, shares=1),
        "first alone": alone,
        "sequential": dataclasses.replace(
            learning(second, earlier=(first,)),
            initial=Pretrained(table, "first alone", of="", into=""),
        ),
        "supervised": learning(first, second, third),
    }


def columns(first: str, second: str) -> dict:
    """BLEU of the third direction, by way of the second language, and of what was learned."""
    return {
        "BLEU": Column("BLEU", "test"),
        "by pivot": Column("BLEU", "pivot"),
        **{way: Column("BLEU", way) for way in (first, second)},
        "off target, %": Column("off target", "test", better="lower"),
        "empty, %": Column("empty", "test", better="lower"),
        "copied, %": Column("copied", "test", better="lower"),
        **COSTS,
    }


WORLD = dataclasses.replace(
    WORLD_TRANSFORMER,
    task=Translation(
        Directions(Generated(World(vocabulary=0.3, depth=1, distance=1))),
        source="en",
        target="fr",
        tokenizer=WORLD_LSTM.task.tokenizer,
    ),
)
MULTI30K = dataclasses.replace(
    MULTI30K_TRANSFORMER,
    task=Translation(
        Directions(Multi30k(text="tok"), ("de-en", "en-fr")),
        source="de",
        target="fr",
        tokenizer=BPE(size=10_000),
    ),
)

TABLE = Table(
    name="zero_shot",
    title="From en to fr, having learned en-de and de-fr, generated world",
    lecture="001",
    rows=rows(WORLD, "en-de", "de-fr", "zero_shot"),
    columns=columns("en-de", "de-fr"),
    baseline="joint",
    smoke=(
        *FEW,
        "task.corpus.corpus=Generated(world=World(train=200, valid=16, test=16, depth=0, distance=0))",
        "initial=None",
    ),
    real=Table(
        name="zero_shot-multi30k",
        title="From de to fr, having learned de-en and en-fr, Multi30k test 2016",
        rows=rows(MULTI30K, "de-en", "en-fr", "zero_shot-multi30k", tokenize="none"),
        columns=columns("de-en", "en-fr"),
        baseline="joint",
        smoke=(*FEW, "model.features=16", "model.mlp_dim=32", "initial=None"),
    ),
)


def bleu(row: str) -> Score:
    """BLEU of a row from en to fr."""
    return Score("zero_shot", row, "BLEU")


def learned(row: str, *ways: str) -> tuple[Part, ...]:
    """That a row translates these ways that it was trained on, and that the third can be learned."""
    return (
        *(Part(f"BLEU of {way}, {row}", Score("zero_shot", row, "BLEU", way), least=60) for way in ways),
        Part("BLEU of en-fr, supervised", bleu("supervised"), least=60),
    )


LEARNED = {
    "joint": learned("joint", "en-de", "de-fr"),
    "sequential": (*learned("first alone", "en-de"), *learned("sequential", "de-fr")),
}
CLAIMS = (
    Claim(
        "C40",
        "001",
        "train A→B and B→C, and A→C is translated untrained",
        tuple(
            part
            for row, given in LEARNED.items()
            for part in (
                Part(
                    f"BLEU, {row} over supervised", bleu(row) / bleu("supervised"), least=1 / 3, given=given
                ),
                Part(
                    f"translations into another language, {row}, %",
                    Score("zero_shot", row, "off target"),
                    most=20,
                    given=given,
                ),
            )
        ),
        note="The halves of the corpus that the two directions are learned from share no sentence.",
    ),
)
