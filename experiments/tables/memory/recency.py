"""How far back does the order of words matter to a language model?

    lookback run recency     4 rows x 3 seeds on the documentation Python carries, minutes a row

A recurrent network sees all that came before through what its state was a word ago: a "recency bias" (UMass
CS685, lecture on attention). Here all words older than d are shuffled; the distance is the d beyond which
that costs less than a hundredth of the perplexity, as Khandelwal et al. 2018 measure an LSTM's. All have as
many parameters, within a twentieth.
"""

import dataclasses

from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import Score
from experiments.report.table import Table
from experiments.tables.language.perplexity import SMALL, SMALL_WINDOWED
from models.language.gpt2 import GPT2
from models.language.ngram import NGram
from models.language.rnn import RNNLM
from models.layers.recurrent import RNN
from train.evaluators.language.distant_order import DistantOrder
from train.evaluators.language.perplexities import Perplexity
from train.run import Run

CONTEXT = DistantOrder().length
LSTM = SMALL.model


def rows() -> dict[str, Run]:
    """{row: run}: two recurrent networks and one of attention, and pairs of words counted."""
    evaluators = (DistantOrder(), Perplexity())
    recurrent = dataclasses.replace(SMALL, evaluators=evaluators)
    windowed = dataclasses.replace(SMALL_WINDOWED, evaluators=evaluators)
    rnn: RNNLM = dataclasses.replace(LSTM, cell=RNN(), features=219)
    gpt = GPT2(context=CONTEXT, features=128, num_heads=4, num_layers=2, dropout=0.1)
    return {
        "2-gram": dataclasses.replace(recurrent, model=NGram(order=2), evaluators=(Perplexity(),)),
        "RNN": dataclasses.replace(recurrent, model=rnn),
        "LSTM": recurrent,
        "GPT-2": dataclasses.replace(windowed, model=gpt),
    }


TABLE = Table(
    name="recency",
    title="Perplexity once older words are shuffled, over that of true histories; documentation of Python",
    lecture="002",
    rows=rows(),
    columns={str(d): Column("ratio", f"shuffled beyond {d}", 3, "neither") for d in DistantOrder().distances}
    | {
        "order matters, words back": Column("order matters", "words back"),
        "perplexity": Column("perplexity", "test", better="lower"),
        **COSTS,
    },
    baseline="LSTM",
    smoke=(
        "steps=2",
        "evaluate_every=1",
        "task.corpus.size=20000",
        "evaluators=(Perplexity(),)",
    ),
)


def distance(row: str) -> Score:
    """How many words back order matters to a row."""
    return Score("recency", row, "order matters", "words back")


def learned(row: str) -> Part:
    """What does no better than pairs of words has no past to shuffle."""
    of = lambda row: Score("recency", row, "perplexity")
    return Part(f"perplexity of the {row} over that of the 2-gram", of(row) / of("2-gram"), most=1)


CLAIMS = (
    Claim(
        "C10",
        "002",
        "RNNs: recency bias",
        tuple(
            Part(
                f"words back at which order matters, {further} over {nearer}",
                distance(further) / distance(nearer),
                least=1,
                given=(learned(nearer), learned(further)),
            )
            for nearer, further in (("RNN", "LSTM"), ("LSTM", "GPT-2"))
        ),
    ),
)
