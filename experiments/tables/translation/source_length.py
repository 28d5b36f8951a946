"""Does one state hold a long sentence?

    lookback run source_length                         3 rows x 3 seeds on the generated world
    lookback run source_length --data-dir CORPORA      the same on Multi30k en-de

The bottleneck figure of Bahdanau et al. 2015 (Fig. 2): `lookback plot runs/source_length/*/0` draws it.
The world is set to deeper clauses here, so that its sentences reach 40 words.
"""

import dataclasses

from data.corpora.parallel import Generated
from data.world.world import World
from experiments.report.columns import COSTS, BleuByLength
from experiments.report.table import Table
from experiments.tables.translation.translation import (
    BLEU,
    MULTI30K_LSTM,
    MULTI30K_TRANSFORMER,
    SMALL_WORLD,
    SMOKE,
    WORLD_LSTM,
    WORLD_TRANSFORMER,
)
from models.attention.scores import Additive


def rows(lstm, transformer):
    """{row: run}: one state, the same looking back, and the Transformer."""
    attentive = dataclasses.replace(lstm, model=dataclasses.replace(lstm.model, score=Additive()))
    return {"lstm": lstm, "lstm-additive": attentive, "transformer": transformer}


def columns(edges: tuple[int, ...]):
    """BLEU of all sentences, then of those whose source has up to so many words."""
    ranges = zip((0, *edges), (*edges, None), strict=True)
    return {"BLEU": BLEU} | {
        f"{low + 1}–{high}" if high else f"over {low}": BleuByLength(BLEU, low, high) for low, high in ranges
    }


def in_deep_world(run):
    """The run on sentences of up to 40 words."""
    deep = dataclasses.replace(run.task, corpus=Generated(World(depth=3, distance=3)))
    return dataclasses.replace(run, task=deep)


TABLE = Table(
    name="source_length",
    title="BLEU by source length in words, generated world, en-de",
    rows=rows(in_deep_world(WORLD_LSTM), in_deep_world(WORLD_TRANSFORMER)),
    columns=columns((8, 16, 24)) | COSTS,
    baseline="lstm",
    smoke=(*SMOKE, *SMALL_WORLD),
    real=Table(
        name="source_length-multi30k",
        title="BLEU by source length in words, Multi30k en-de, test_2016_flickr",
        rows=rows(MULTI30K_LSTM, MULTI30K_TRANSFORMER),
        columns=columns((10, 15, 20)) | COSTS,
        baseline="lstm",
        smoke=SMOKE,
    ),
)
