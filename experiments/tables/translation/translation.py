"""Which architecture of the lectures translates best?

    lookback run translation                         7 rows x 3 seeds on the generated world
    lookback run translation --data-dir CORPORA      the same on Multi30k en-de: hours on 2 cores

Sequence to sequence through one state (LSTM, GRU), the same LSTM looking back at the source by each of the
four scores, and the Transformer. On Multi30k the protocol is that of the published row: lower-cased,
normalised, tokenised files, joint BPE, beam 5, the last 10 checkpoints averaged.
"""

import dataclasses
import re

from data.batches.pairs import Buckets
from data.corpora.parallel import Generated, Multi30k
from data.tasks.translation import Translation
from data.tokenizers.levels import BPE, Words
from data.world.world import World
from experiments.report.columns import COSTS, Column, Significance
from experiments.report.published import TRANSLATION
from experiments.report.table import Table
from models.attention.scores import SCORES, Score
from models.layers.recurrent import GRU
from models.translation.seq2seq import Seq2Seq
from models.translation.transformer import Transformer
from train.evaluators.translation.bleu_scores import Bleu
from train.objectives.next_token import NextTargetToken
from train.optimizers import Adam, Cosine, InverseSqrt
from train.run import Run

BLEU = Column("BLEU", "test")


def with_scores(lstm: Run) -> dict[str, Run]:
    """The LSTM looking back by each score: one part takes the place of another, nothing else changes."""
    return {
        f"lstm-{slug(score)}": dataclasses.replace(lstm, model=dataclasses.replace(lstm.model, score=score))
        for score in SCORES
    }


def slug(score: Score) -> str:
    """The name of a score in a row's: "scaled-dot" of ScaledDot."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(score).__name__).lower()


def rows(lstm: Run, transformer: Run) -> dict[str, Run]:
    """{row: run}: one state (LSTM, GRU), the LSTM looking back by each score, and the Transformer."""
    gru = dataclasses.replace(lstm, model=dataclasses.replace(lstm.model, cell=GRU()))
    return {"lstm": lstm, "gru": gru, **with_scores(lstm), "transformer": transformer}


WORLD_LSTM = Run(
    model=Seq2Seq(embed_dim=128, features=256, score=None),
    task=Translation(corpus=Generated(World(vocabulary=0.3, depth=1, distance=1)), tokenizer=Words(least=1)),
    objective=NextTargetToken(),
    optimizer=Adam(schedule=Cosine(peak=4e-3, warmup=40, steps=400), beta2=0.999, clip=1.0),
    batches=Buckets(tokens=2048, shapes=3),
    steps=400,
    evaluate_every=200,
    evaluators=(Bleu(),),
)
WORLD_TRANSFORMER = dataclasses.replace(
    WORLD_LSTM,
    model=Transformer(features=128, mlp_dim=256, num_encoder_layers=2, num_decoder_layers=2, pre_norm=True),
)

MULTI30K_LSTM = Run(
    model=Seq2Seq(embed_dim=256, features=320, score=None, dropout=0.3),
    task=Translation(corpus=Multi30k(text="tok"), tokenizer=BPE(size=5000)),
    objective=NextTargetToken(),
    optimizer=Adam(schedule=Cosine(peak=3e-3, warmup=200, steps=5000), beta2=0.999, clip=1.0),
    batches=Buckets(tokens=2048),
    steps=5000,
    evaluate_every=100,
    keep=12,
    average=10,
    evaluators=(Bleu(tokenize="none"),),
)
MULTI30K_TRANSFORMER = dataclasses.replace(
    MULTI30K_LSTM,
    model=Transformer(dropout=0.3),
    task=Translation(corpus=Multi30k(text="tok"), tokenizer=BPE(size=10_000)),
    optimizer=Adam(schedule=InverseSqrt(peak=5e-3, warmup=2000)),
    batches=Buckets(tokens=4096),
    steps=8000,
    evaluate_every=120,
)

SMOKE = (
    "steps=2",
    "evaluate_every=1",
    "average=0",
    "batches.tokens=256",
    "batches.shapes=1",
    "evaluators.Bleu.search.beam=2",
)
SMALL_WORLD = tuple(
    f"task.corpus.world.{knob}" for knob in ("train=200", "valid=16", "test=16", "depth=0", "distance=0")
)

TABLE = Table(
    name="translation",
    title="Translation, generated world, en-de",
    rows=rows(WORLD_LSTM, WORLD_TRANSFORMER),
    columns={"BLEU": BLEU, "p": Significance(BLEU), "chrF": Column("chrF", "test"), **COSTS},
    baseline="lstm",
    smoke=(*SMOKE, *SMALL_WORLD),
    real=Table(
        name="translation-multi30k",
        title="Translation, Multi30k en-de, test_2016_flickr",
        rows=rows(MULTI30K_LSTM, MULTI30K_TRANSFORMER),
        columns={"BLEU": BLEU, "p": Significance(BLEU), "chrF": Column("chrF", "test"), **COSTS},
        baseline="lstm",
        published=TRANSLATION,
        smoke=SMOKE,
    ),
)
