"""How is what attention gives composed with the state that asked for it?

    lookback run composition                         3 rows x 3 seeds on the generated world, 5 minutes a row
    lookback run composition --data-dir CORPORA      the same on Multi30k en-de: hours on 2 cores

The lectures concatenate the context with the decoder's state, and name a sum and a gate beside it. The LSTM
with the additive score of `translation`, and in the place of concatenation one or the other: nothing else
changes but the readout, which has half as many weights to read what is half as wide. The gate has weights of
its own. `model.composition=GatedSum` does the same to any decoder that attends, and to `RNNLM`.
"""

import dataclasses

from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column, Significance
from experiments.report.quantities import Score, least
from experiments.report.table import Table
from experiments.tables.translation import translation
from experiments.tables.translation.translation import (
    BLEU,
    MULTI30K_LSTM,
    SMALL_WORLD,
    SMOKE,
    WORLD_LSTM,
    with_scores,
)
from models.layers.compositions import Concatenation, GatedSum, Sum
from train.run import Run

COMPOSITIONS = {"concatenation": Concatenation(), "sum": Sum(), "gate": GatedSum()}


def rows(lstm: Run) -> dict[str, Run]:
    """The LSTM with the additive score, by each composition."""
    run = with_scores(lstm)["lstm-additive"]
    models = {row: dataclasses.replace(run.model, composition=one) for row, one in COMPOSITIONS.items()}
    return {row: dataclasses.replace(run, model=model) for row, model in models.items()}


TABLE = Table(
    name="composition",
    title="Context and state composed, generated world, en-de",
    lecture="002",
    rows=rows(WORLD_LSTM),
    columns={
        "BLEU": BLEU,
        "p": Significance(BLEU),
        "loss": Column("loss", "test", 3, "lower"),
        **COSTS,
    },
    baseline="concatenation",
    smoke=(*SMOKE, *SMALL_WORLD),
    real=Table(
        name="composition-multi30k",
        title="Context and state composed, Multi30k en-de, test_2016_flickr",
        rows=rows(MULTI30K_LSTM),
        columns=translation.TABLE.real.columns,
        baseline="concatenation",
        smoke=SMOKE,
    ),
)


def bleu(row: str) -> Score:
    """Of a row here."""
    return Score("composition", row, "BLEU")


LEARNED = Part("BLEU of the worst composition", least(*map(bleu, COMPOSITIONS)), least=60)
CLAIMS = (
    Claim(
        "C67",
        "002/003",
        "a sum or a gate composes what attention found and the state as well as concatenation",
        tuple(
            Part(
                f"BLEU of the {row} less that of concatenation, either way",
                abs(bleu(row) - bleu("concatenation")),
                most=1,
                given=(LEARNED,),
            )
            for row in ("sum", "gate")
        ),
        "They are named as alternatives: the rule is that any of them will do, within a point of BLEU.",
        reworded=True,
    ),
)
