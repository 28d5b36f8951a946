"""Does a decoder translate sooner that was a language model before?

    lookback run decoder_initialisation      3 rows x 3 seeds on the generated world, minutes each

The LSTM with attention from random weights, and from those of the same network once it has learned the
targets alone, with an empty source: a language model of the language that it is to say, whose embeddings,
cells and readout go on (Ramachandran et al. 2017). The encoder has read nothing yet. All three run for as
many updates by the same recipe.
"""

import dataclasses

from data.tasks.target_alone import TargetAlone
from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column, Significance
from experiments.report.quantities import BestLoss, Score, UpdatesTo
from experiments.report.table import Table
from experiments.tables.translation.translation import BLEU, FEW, SMALL_WORLD, WORLD_LSTM, with_scores
from train.evaluators.named import Named
from train.evaluators.translation.target_loss import TargetLoss
from train.weights.initial import Pretrained

LSTM = dataclasses.replace(with_scores(WORLD_LSTM)["lstm-additive"], evaluate_every=100)
ALONE = dataclasses.replace(
    LSTM,
    task=TargetAlone(LSTM.task.corpus, tokenizer=LSTM.task.tokenizer),
    evaluators=(Named(TargetLoss(), "alone"),),
)
LATER = dataclasses.replace(
    LSTM, initial=Pretrained("decoder_initialisation", "language model", of="", into="")
)

TABLE = Table(
    name="decoder_initialisation",
    title="A decoder from random weights and from a language model's, generated world, en-de",
    lecture="004",
    rows={"lstm": LSTM, "language model": ALONE, "lstm after a language model": LATER},
    columns={
        "BLEU": BLEU,
        "p": Significance(BLEU),
        "loss": Column("loss", "test", 3, "lower"),
        "loss, nothing to read": Column("loss", "alone", 3, "neither"),
        **COSTS,
    },
    baseline="lstm",
    smoke=(*FEW, *SMALL_WORLD, "initial=None"),
)


def updates(row: str) -> UpdatesTo:
    """Updates of a row to the LSTM's final loss."""
    return UpdatesTo("decoder_initialisation", row, BestLoss("decoder_initialisation", "lstm"))


CLAIMS = (
    Claim(
        "C52",
        "004",
        "a decoder initialised by a language model speeds up",
        (
            Part(
                "updates to the LSTM's final loss, after a language model over from random weights",
                updates("lstm after a language model") / updates("lstm"),
                most=0.7,
                given=(Part("BLEU of lstm", Score("decoder_initialisation", "lstm", "BLEU"), least=60),),
            ),
        ),
    ),
)
