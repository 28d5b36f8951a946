"""How much text does an LSTM want before it is ahead of simpler models?

    lookback run data_demand                         15 rows x 3 seeds on the documentation Python carries
    lookback run data_demand --data-dir CORPORA      the same on the Penn Treebank: hours on 2 cores

"Needs more data" (lecture 001): each model learns from the first sixteenth of the training text, the first
eighth, .. all of it, and is judged on the same test. Words are those of the share, so that models are
compared within a share; the two networks have as many parameters, within a twentieth, and stop once five
validations have brought nothing.
"""

import dataclasses

from data.corpora.first_share import FirstShare
from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import PairedTest, Score
from experiments.report.table import Table
from experiments.tables.language.perplexity import PTB_LOOKING, PTB_SMALL, SMALL
from models.language.ngram import NGram
from models.layers.recurrent import RNN
from train.evaluators.language.perplexities import Perplexity
from train.run import Run

SHARES = {"sixteenth": 1 / 16, "eighth": 1 / 8, "quarter": 1 / 4, "half": 1 / 2, "all": 1.0}


def rows(run: Run, features: int, split: str) -> dict[str, Run]:
    """{row: run}: each share of the text by three models, the Elman network of so many features."""
    models = {
        "5-gram": NGram(order=5),
        "RNN": dataclasses.replace(run.model, cell=RNN(), features=features),
        "LSTM": run.model,
    }
    stopping = dataclasses.replace(run, patience=5, evaluators=(Perplexity(split=split),))

    def on(share: float) -> Run:
        corpus = FirstShare(run.task.corpus, share)
        return dataclasses.replace(stopping, task=dataclasses.replace(run.task, corpus=corpus))

    return {
        f"{name}, {told}": dataclasses.replace(on(share), model=model)
        for told, share in SHARES.items()
        for name, model in models.items()
    }


def columns(split: str) -> dict:
    """Bits a byte of a split, as the pieces of unlike shares are not the same, and costs."""
    return {
        "bits per byte": Column("bits per byte", split, 3, better="lower"),
        **COSTS,
    }


SMOKE = ("steps=2", "evaluate_every=1")
TABLE = Table(
    name="data_demand",
    title="Language models by how much text they learn from, documentation of Python",
    lecture="001",
    rows=rows(SMALL, 219, "test"),
    columns=columns("test"),
    baseline="LSTM, all",
    smoke=(*SMOKE, "task.corpus.corpus.size=100000"),
    real=Table(
        name="data_demand-ptb",
        title="Language models by how much text they learn from, Penn Treebank, validation split",
        rows=rows(dataclasses.replace(PTB_LOOKING, model=PTB_SMALL.model), 240, "valid"),
        columns=columns("valid"),
        baseline="LSTM, all",
        smoke=SMOKE,
    ),
)


def part(table: str, corpus: str, split: str, share: str, **bound: float) -> Part:
    """That the perplexity of the LSTM less that of the RNN is within bounds at a share of the text."""
    ours, theirs = f"LSTM, {share}", f"RNN, {share}"
    of = lambda row: Score(table, row, "perplexity", split)
    test = PairedTest(table, ours, theirs, "perplexity", split)
    what = "all of the text" if share == "all" else f"a {share} of it"
    return Part(f"perplexity, LSTM less RNN, {what}, {corpus}", of(ours) - of(theirs), test=test, **bound)


CLAIMS = (
    Claim(
        "C17",
        "001",
        "LSTM: needs more data",
        tuple(
            part(*where, share, **bound)
            for where in (
                ("data_demand", "documentation of Python", "test"),
                ("data_demand-ptb", "Penn Treebank", "valid"),
            )
            for share, bound in (("sixteenth", {"least": 0}), ("all", {"most": 0}))
        ),
        "Worse at the small end, better on all; equal parameters, one recipe.",
    ),
)
