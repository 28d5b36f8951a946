"""Does a cell of an LSTM keep track of quotes, comments, depth or the end of the line?

    lookback run cells                       5 rows x 3 seeds on the source code Python carries, minutes a row
    lookback plot "runs/cells/LSTM 2x128/0"  text coloured by the best cells, as HTML and PNG

"Cells" that turn on inside quotes, comments or `if`s, or that count brackets and characters of the line, are
shown by Karpathy, Johnson & Fei-Fei 2015. Here Python's own tokenizer says what is true at each character of
text that was not trained on, and the table has the area under the ROC curve of the cell that tells it best.
Rows have 256 cells each, as the best of more is better. Two controls: rotated labels, which show what the
best of 256 comes to by chance, and a network that was never trained.
"""

import dataclasses

from data.batches.streams import Streams
from data.corpora.stdlib_text import StdlibCode
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import TextCharacters
from experiments.report.claims import Claim, Part
from experiments.report.columns import Column
from experiments.report.quantities import Score, most
from experiments.report.table import Table
from models.language.rnn import RNNLM
from models.layers.recurrent import GRU, RNN
from train.evaluators.language.cells import CellProbe
from train.evaluators.language.perplexities import Perplexity
from train.objectives.next_token import NextToken
from train.optimizers import Adam, Constant, Cosine
from train.run import Run

LSTM_2X128 = Run(
    model=RNNLM(embed_dim=64, features=128, num_layers=2),
    task=LanguageModelling(StdlibCode(size=2_000_000), TextCharacters()),
    objective=NextToken(carried=True),
    optimizer=Adam(schedule=Cosine(peak=4e-3, warmup=100, steps=6000), beta2=0.99, epsilon=1e-8, clip=1.0),
    batches=Streams(rows=32, length=64),
    steps=6000,
    evaluate_every=500,
    keep=1,
    evaluators=(CellProbe(), Perplexity()),
)


def rows() -> dict[str, Run]:
    """{row: run}: recurrent networks of one size of state, and one that was never trained."""
    one_layer = RNNLM(embed_dim=64, features=256)
    models = {
        "LSTM 2x128": LSTM_2X128.model,
        "LSTM 1x256": one_layer,
        "GRU 1x256": dataclasses.replace(one_layer, cell=GRU()),
        "RNN 1x256": dataclasses.replace(one_layer, cell=RNN()),
    }
    trained = {row: dataclasses.replace(LSTM_2X128, model=model) for row, model in models.items()}
    still = dataclasses.replace(
        LSTM_2X128, optimizer=Adam(schedule=Constant(peak=0.0)), steps=3, evaluate_every=3
    )
    return trained | {"untrained LSTM 2x128": still}


PROPERTIES = (
    "quotes",
    "triple quotes",
    "comments",
    "quotes or comments",
    "if",
    "indentation",
    "brackets",
    "line position",
)

TABLE = Table(
    name="cells",
    title="Area under the ROC curve of the best of 256 cells, source code of Python",
    lecture="001",
    rows=rows(),
    columns={name: Column("AUC", name, 3) for name in PROPERTIES}
    | {f"{name}, moved": Column("AUC", f"{name}, labels moved", 3, better="neither") for name in PROPERTIES}
    | {"not interpretable, %": Column("not interpretable", "cells", 1, better="neither")}
    | {"bits per character": Column("bits per character", "test", 3, better="lower")},
    baseline="LSTM 2x128",
    smoke=(
        "steps=2",
        "evaluate_every=1",
        "batches=Streams(rows=2, length=16)",
        "task.corpus.size=20000",
    ),
)


def told(row: str, name: str) -> Score:
    """The area under the ROC curve of a row's best cell for a property."""
    return Score("cells", row, "AUC", name)


def bits(row: str) -> Score:
    """Bits a character."""
    return Score("cells", row, "bits per character")


LSTMS = ("LSTM 2x128", "LSTM 1x256")
LEARNED = tuple(
    Part(f"bits a character of {row} over those of an untrained network",
         bits(row) / bits("untrained LSTM 2x128"), most=0.5)
    for row in LSTMS
)  # fmt: skip
CLAIMS = (
    Claim(
        "C18",
        "001",
        "a large portion of the cells are not interpretable",
        tuple(
            Part(
                f"cells that are not interpretable, %, {row}",
                Score("cells", row, "not interpretable", "cells"),
                least=50,
                given=(learned,),
            )
            for row, learned in zip(LSTMS, LEARNED, strict=True)
        ),
    ),
    Claim(
        "C19",
        "001",
        "a cell that turns on inside quotes",
        (
            Part(
                "area under the ROC curve of the best cell for quotes, the better of two LSTMs",
                most(*(told(row, "quotes") for row in LSTMS)),
                least=0.95,
                given=LEARNED,
            ),
        ),
    ),
)
