"""Do five hundred words lie too far back?

    lookback run long_lookback     8 rows x 3 seeds: 5 to 15 minutes a row of recall on a core; those of
                                   gradients are trained already where `vanishing_gradients` is

`lookback_distance` ends at 48 words and `vanishing_gradients` at 64 steps; the lecture's look-backs go to 500
(UMass CS685, attention). Recall is that of `lookback_distance`, in lines of 1 to 512 words between cue and
answer and in chunks twice as long, so that half of the longest lines are whole in one. Networks have the
same rates and as many parameters; positions of GPT-2 are rotary, as a table of them would be larger than all
else. With as many lines of each distance one word in a hundred is an answer, and after 1,000 updates GPT-2
had learned none: so train has as many words of each, and the fewer lines the longer they are. Gradients are
those of the networks of `vanishing_gradients`, in per cent of one step back, on the text that they are
trained on: the test split hardly holds a dozen rows so long.
"""

import dataclasses

from data.corpora.recall import Recall
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import WhitespaceWords
from experiments.report.columns import COSTS, Column
from experiments.report.table import Table
from experiments.tables.memory import vanishing_gradients
from experiments.tables.memory.lookback_distance import at
from models.attention.positions import Rotary
from models.attention.scores import ScaledDot
from models.language.gpt2 import GPT2
from models.language.language_model import LanguageModel
from models.language.rnn import RNNLM
from models.layers.recurrent import RNN
from train.evaluators.language.gradient_reach import GradientReach
from train.evaluators.language.perplexities import Perplexity
from train.evaluators.language.recall_accuracy import RecallAccuracy
from train.metrics.distances import at_distance
from train.run import Run

LENGTH = 1024
FAR = Recall(
    distances=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
    train=80_000,
    valid=300,
    test=1400,
    successors=1,
    alike="words",
)
REACH = GradientReach(split="train", distances=(1, 64, 128, 256, 512))


def far(peak: float, steps: int, model: LanguageModel) -> Run:
    """A network of `lookback_distance` at its rate, on the longer lines."""
    run = at(peak, steps, model)
    return dataclasses.replace(
        run,
        task=LanguageModelling(FAR, WhitespaceWords()),
        batches=dataclasses.replace(run.batches, rows=2, length=LENGTH),
        evaluators=(RecallAccuracy(), Perplexity()),
    )


def gradient(row: str) -> str:
    """What the row is called that measures the gradient of a row of `vanishing_gradients`."""
    return f"{row}, gradient"


RECALLED = {
    "RNN": far(3e-3, 5000, RNNLM(cell=RNN(), embed_dim=64, features=196)),
    "LSTM": far(1e-2, 8000, RNNLM(embed_dim=64, features=94)),
    "LSTM + attention": far(1e-2, 6000, RNNLM(embed_dim=64, features=84, score=ScaledDot(), window=LENGTH)),
    "GPT-2": far(
        5e-3,
        4000,
        GPT2(
            context=LENGTH,
            features=56,
            num_heads=4,
            num_layers=2,
            dropout=0.0,
            mlp_dim=180,
            positions=Rotary(),
        ),
    ),
}

TABLE = Table(
    name="long_lookback",
    title="Recall and gradients up to 512 words back, per cent",
    lecture="002",
    headline="512",
    rows=RECALLED
    | {
        gradient(row): dataclasses.replace(run, evaluators=(REACH, Perplexity()))
        for row, run in vanishing_gradients.TABLE.rows.items()
    },
    columns={str(d): Column("accuracy", at_distance(d)) for d in FAR.distances}
    | {
        f"gradient, {d}": Column("gradient", at_distance(d), digits=3, significant=True)
        for d in REACH.distances
    }
    | {"perplexity": Column("perplexity", "test", 2, better="lower"), **COSTS},
    baseline="LSTM",
    smoke=("steps=2", "evaluate_every=1", "batches.length=64", "evaluators=(Perplexity(split='valid'),)"),
)
