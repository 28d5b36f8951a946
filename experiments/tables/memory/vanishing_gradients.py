"""Does what was read long ago still teach?

    lookback run vanishing_gradients                         4 rows x 3 seeds on the documentation of Python
    lookback run vanishing_gradients --data-dir CORPORA      the same on the Penn Treebank

The lecture multiplies Jacobians: dL4/dh1 = dL4/dh3 dh3/dh2 dh2/dh1. Here that product is measured after
training, in per cent of its norm one step back. By the lecture it vanishes through an Elman network, the cell
of an LSTM lets more of it pass, and attention has a path past both. `lookback plot
runs/vanishing_gradients/*/0` draws it.
"""

import dataclasses

from data.corpora.text import PennTreebank
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import WhitespaceWords
from experiments.report.claims import Claim, Part
from experiments.report.columns import Column
from experiments.report.quantities import Quantity, Score
from experiments.report.table import Table
from experiments.tables.language.perplexity import SMALL
from models.attention.scores import ScaledDot
from models.language.rnn import RNNLM
from models.layers.recurrent import GRU, RNN
from train.evaluators.language.gradient_reach import GradientReach
from train.evaluators.language.perplexities import Perplexity
from train.metrics.distances import at_distance
from train.run import Run


def rows(split: str, task: LanguageModelling) -> dict[str, Run]:
    """One layer each, so that there is one state to look at."""
    lstm = RNNLM(embed_dim=128, features=128)
    models = {
        "RNN": dataclasses.replace(lstm, cell=RNN()),
        "GRU": dataclasses.replace(lstm, cell=GRU()),
        "LSTM": lstm,
        "LSTM + attention": dataclasses.replace(lstm, score=ScaledDot()),
    }
    evaluators = (GradientReach(split=split), Perplexity(split=split))
    run = dataclasses.replace(SMALL, task=task, evaluators=evaluators)
    return {row: dataclasses.replace(run, model=model) for row, model in models.items()}


def columns(split: str) -> dict:
    """The gradient left at each distance, and perplexity."""
    reach = {
        str(distance): Column("gradient", at_distance(distance), digits=3, significant=True)
        for distance in GradientReach().distances
    }
    return reach | {
        "c, 32": Column("gradient of c", at_distance(32), digits=3, significant=True),
        "perplexity": Column("perplexity", split, better="lower"),
    }


TABLE = Table(
    name="vanishing_gradients",
    title="Gradient left so many steps back, per cent of one step back; documentation of Python",
    lecture="001",
    headline="64",
    rows=rows("test", SMALL.task),
    columns=columns("test"),
    baseline="LSTM",
    smoke=(
        "steps=2",
        "evaluate_every=1",
        "task.corpus.size=20000",
        "evaluators=(GradientReach(distances=(1, 2), rows=8),)",
    ),
    real=Table(
        name="vanishing_gradients-ptb",
        title="Gradient left so many steps back, per cent of one step back; Penn Treebank",
        rows=rows("valid", LanguageModelling(PennTreebank(), WhitespaceWords())),
        columns=columns("valid"),
        baseline="LSTM",
        smoke=("steps=2", "evaluate_every=1", "evaluators=(GradientReach(distances=(1, 2), rows=8),)"),
    ),
)


def reached(row: str, distance: int, metric: str = "gradient") -> Score:
    """The gradient left to a row so many steps back, in per cent of one step back."""
    return Score("vanishing_gradients", row, metric, at_distance(distance))


def learned(row: str) -> Part:
    """A row that tells nothing of its past has no gradient worth following: counting pairs does as well."""
    perplexity: Quantity = Score("vanishing_gradients", row, "perplexity")
    bigram = Score("perplexity", "2-gram", "perplexity")
    return Part(f"perplexity of the {row} over that of the 2-gram", perplexity / bigram, most=1)


CLAIMS = (
    Claim(
        "C11",
        "002",
        "50 words in the past … very little error signal",
        tuple(
            Part(f"gradient left {distance} steps back, %", reached("RNN", distance), most=1, given=given)
            for given in [(learned("RNN"),)]
            for distance in (32, 64)
        ),
    ),
    Claim(
        "C13",
        "001",
        "LSTM: way less likely [to vanish]",
        (
            Part(
                "gradient left 64 steps back, LSTM over RNN",
                reached("LSTM", 64) / reached("RNN", 64),
                least=10,
                given=(learned("RNN"), learned("LSTM")),
            ),
        ),
    ),
    Claim(
        "C14",
        "001",
        "the cell path simply adds the gradients",
        (
            Part(
                "gradient left 32 steps back, at c over at h, LSTM",
                reached("LSTM", 32, "gradient of c") / reached("LSTM", 32),
                least=10,
                given=(learned("LSTM"),),
            ),
        ),
        "That f = 1 and i = 0 keep c exactly is a test of the cell.",
    ),
    Claim(
        "C27",
        "002/003",
        "attention helps with the vanishing gradient problem",
        (
            Part(
                "gradient left 64 steps back, LSTM with attention over LSTM",
                reached("LSTM + attention", 64) / reached("LSTM", 64),
                least=5,
                given=(learned("LSTM"), learned("LSTM + attention")),
            ),
        ),
    ),
)
