"""What becomes of a language model that goes on to read reviews?

    lookback run written_text --rows GPT-2 --seeds 1 && \\
    lookback run fine_tuning      3 rows x 3 seeds, reviews of the generated world: a minute each

The GPT-2 of `written_text` knows the documentation of Python. Before it has read a review its samples are
that; after a few updates they are reviews. Perplexity is of reviews that nobody has read, and samples are
judged by a 5-gram of those that were, beside what it makes of the unread ones. They lie in the run's folder,
outputs/samples.text; `lookback generate "runs/fine_tuning/after 50 updates/0"` writes more. A text of one's
own, or a published GPT-2, is for `lookback finetune`.
"""

import dataclasses

from data.corpora.reviews import ReviewText
from data.tasks.language import LanguageModelling
from data.world.tasks import WorldRating
from data.world.world import World
from experiments.report.columns import COSTS, Column
from experiments.report.table import Table
from experiments.tables.language.written_text import GPT, PIECES
from experiments.tables.representations.word_senses import STILL
from train.optimizers import Adam, Cosine
from train.run import Run
from train.weights.initial import Pretrained


def after(updates: int) -> Run:
    """So many updates on reviews, from the weights that have read the documentation."""
    schedule = Cosine(peak=5e-4, warmup=updates // 20, steps=updates)
    return dataclasses.replace(
        GPT,
        task=LanguageModelling(ReviewText(WorldRating(World(train=4000, valid=300, test=1000))), PIECES),
        optimizer=Adam(schedule=schedule, beta2=0.999, decay=0.01, clip=1.0),
        steps=updates,
        evaluate_every=updates // 5,
        keep=1,
        initial=Pretrained("written_text", "GPT-2", of="", into=""),
    )


TABLE = Table(
    name="fine_tuning",
    title="GPT-2 before and after it has read reviews, generated world",
    lecture="004",
    rows={
        "before": dataclasses.replace(after(50), **STILL),
        "after 50 updates": after(50),
        "after 500 updates": after(500),
    },
    columns={
        "perplexity": Column("perplexity", "test", better="lower"),
        "bits per character": Column("bits per character", "test", 2, "lower"),
        "samples": Column("5-gram perplexity", "samples", better="lower"),
        "text": Column("5-gram perplexity", "test", better="neither"),
        **COSTS,
    },
    baseline="before",
    smoke=(
        "steps=2",
        "evaluate_every=1",
        "initial=None",
        "batches.rows=4",
        "evaluators=(SampledText(count=4, length=8, sweeps=1),)",
    ),
)
