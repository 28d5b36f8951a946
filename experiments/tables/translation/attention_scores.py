"""Which of the four attention scores translates best, and which aligns best?

    lookback run attention_scores                         4 rows x 3 seeds on the generated world
    lookback run attention_scores --data-dir CORPORA      the same on Multi30k en-de (no gold alignment there)

The generated world knows which words belong together, so attention is held to it: the alignment error rate
stands beside BLEU.
"""

import dataclasses

from experiments.report.columns import COSTS, Column, Significance
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
from train.evaluators.translation.alignment_error import AlignmentError
from train.evaluators.translation.bleu_scores import Bleu

ALIGNED = dataclasses.replace(WORLD_LSTM, evaluators=(Bleu(), AlignmentError()))

TABLE = Table(
    name="attention_scores",
    title="Attention scores, generated world, en-de",
    rows=with_scores(ALIGNED),
    columns={
        "BLEU": BLEU,
        "p": Significance(BLEU),
        "AER": Column("AER", "test", better="lower"),
        **COSTS,
    },
    baseline="lstm-additive",
    smoke=(*SMOKE, *SMALL_WORLD),
    real=Table(
        name="attention_scores-multi30k",
        title="Attention scores, Multi30k en-de, test_2016_flickr",
        rows=with_scores(MULTI30K_LSTM),
        columns=translation.TABLE.real.columns,
        baseline="lstm-additive",
        smoke=SMOKE,
    ),
)
