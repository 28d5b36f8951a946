"""Which of the four attention scores translates best, and which aligns best?

    lookback run attention_scores                         6 rows x 3 seeds on the generated world
    lookback run attention_scores --data-dir CORPORA      the same on Multi30k en-de (no gold alignment there)

The generated world knows which words belong together, so attention is held to it: the alignment error rate
stands beside BLEU. What attention must be held against learns to align, and no more: IBM model 1 (Brown et
al. 1993), on the same text, which translates word by word. The diagonal learns nothing.
"""

import dataclasses

from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column, Significance
from experiments.report.quantities import PairedTest, Score, least
from experiments.report.table import Table
from experiments.tables.translation import translation
from experiments.tables.translation.translation import (
    BLEU,
    FEW,
    MULTI30K_LSTM,
    SMALL_WORLD,
    SMOKE,
    WORLD_LSTM,
    with_scores,
)
from models.translation.aligner import Diagonal
from models.translation.ibm1 import IBM1
from train.evaluators.translation.alignment_error import AlignmentError
from train.evaluators.translation.bleu_scores import Bleu

ALIGNED = dataclasses.replace(WORLD_LSTM, evaluators=(Bleu(), AlignmentError()))
COUNTED = dataclasses.replace(ALIGNED, model=IBM1(), keep=1)
DIAGONAL = dataclasses.replace(COUNTED, model=Diagonal(), evaluators=(AlignmentError(),))

TABLE = Table(
    name="attention_scores",
    title="Attention scores, generated world, en-de",
    lecture="002",
    rows=with_scores(ALIGNED) | {"IBM model 1": COUNTED, "diagonal": DIAGONAL},
    columns={
        "BLEU": BLEU,
        "p": Significance(BLEU),
        "AER": Column("AER", "test", better="lower"),
        **COSTS,
    },
    baseline="lstm-additive",
    smoke=(*FEW, *SMALL_WORLD),
    real=Table(
        name="attention_scores-multi30k",
        title="Attention scores, Multi30k en-de, test_2016_flickr",
        rows=with_scores(MULTI30K_LSTM),
        columns=translation.TABLE.real.columns,
        baseline="lstm-additive",
        smoke=SMOKE,
    ),
)


def of(metric: str, row: str) -> Score:
    """A metric of a row here."""
    return Score("attention_scores", row, metric)


SCORED = tuple(with_scores(ALIGNED))
# Of a run that has not left its plateau nothing follows: every score first has to translate.
CONVERGED = Part("BLEU of the worst score", least(*(of("BLEU", row) for row in SCORED)), least=60)
LEARNED = Part("BLEU of the additive score", of("BLEU", "lstm-additive"), least=60)
AER = "alignment error of the additive score"
CLAIMS = (
    Claim(
        "C25",
        "003",
        "we get alignment for free",
        (
            Part(
                f"{AER} less that of IBM model 1 on the same text",
                of("AER", "lstm-additive") - of("AER", "IBM model 1"),
                most=0,
                test=PairedTest("attention_scores", "lstm-additive", "IBM model 1", "AER"),
                given=(LEARNED,),
            ),
            Part(
                f"{AER} over the diagonal's",
                of("AER", "lstm-additive") / of("AER", "diagonal"),
                most=0.5,
                given=(LEARNED,),
            ),
        ),
    ),
    Claim(
        "C29",
        "002",
        "the dot product works fairly well",
        (
            Part(
                "BLEU of the dot product less the additive score's",
                of("BLEU", "lstm-dot") - of("BLEU", "lstm-additive"),
                least=-1,
                given=(CONVERGED,),
            ),
        ),
    ),
)
