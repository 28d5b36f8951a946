"""Which network tells best whether a sentence is for or against?

    lookback run sentences                      6 rows x 3 seeds on reviews of the generated world
    lookback run sentences --data-dir CORPORA   SST-2, trained on phrases: 2 to 12 minutes a run on a core
    lookback run sentences --data-dir CORPORA --seeds 10 patience=5 task.corpus=CrossValidated     MR
    lookback run sentences --data-dir CORPORA --seeds 10 patience=5 "task.corpus=CrossValidated(name='SUBJ')"

The last two are in ten folds, a fold a seed.

All begin with random weights: nothing is known of a word that the training texts do not tell. The generated
reviews say what they say by negation, by "rarely", by who reports it and by what comes after "but": single
words give a bag of words little.
"""

import dataclasses

from data.batches.examples import Padded
from data.corpora.sentiment import StanfordSentiment
from data.tasks.classification import Classification
from data.tokenizers.whole_words import WholeWords
from experiments.report.columns import COSTS, Column
from experiments.report.table import Published, Table
from models.baselines.majority import Majority
from models.encoders.words import BagOfWords, Convolutions, WordLSTM
from models.heads.classifier import Classifier
from models.heads.pooling import Attentive, Ends, Last, Max, Mean
from train.evaluators.labels.predictions import Accuracy
from train.objectives.supervised import Label
from train.optimizers import Adam, Constant, Cosine
from train.run import Run

KIM = "Kim 2014, Convolutional Neural Networks for Sentence Classification, table 2"
RANDOM = "trained on phrases (SST-2), ten folds (MR, SUBJ); words begin by chance"
PUBLISHED = (
    Published("CNN-rand", {"SST-2": "82.7", "MR": "76.1", "SUBJ": "89.6"}, RANDOM, KIM),
    Published(
        "NBOW-RAND", {"SST-2": "81.4", "MR": "76.2"}, RANDOM,
        "Iyyer et al. 2015, Deep Unordered Composition Rivals Syntactic Methods, table 1",
    ),
    Published(
        "RNTN", {"SST-2": "85.4"}, "trained on phrases with their trees; words begin by chance",
        "Socher et al. 2013, Recursive Deep Models, table 1",
    ),
)  # fmt: skip


def rows(
    run: Run, embed: int, hidden: int, encoder: float, output: float, unknown: float = 0.0
) -> dict[str, Run]:
    """Encoders of one width, with these rates of dropout: of vectors, of what is pooled, and of words."""
    sizes = {"embed_dim": embed, "dropout": encoder, "unknown": unknown}
    lstm = WordLSTM(features=hidden, **sizes)
    found = {
        "majority": Majority(),
        "bag of words": Classifier(encoder=BagOfWords(**sizes), pooling=Mean(), dropout=output),
        "CNN": Classifier(encoder=Convolutions(**sizes), pooling=Max(), dropout=output),
        "LSTM": Classifier(
            encoder=dataclasses.replace(lstm, bidirectional=False), pooling=Last(), dropout=output
        ),
        "BiLSTM": Classifier(encoder=lstm, pooling=Ends(), dropout=output),
        "BiLSTM + attention": Classifier(encoder=lstm, pooling=Attentive(), dropout=output),
    }
    return {row: dataclasses.replace(run, model=model) for row, model in found.items()}


WORLD = Run(
    model=Classifier(),
    task=Classification(tokenizer=WholeWords(lowercase=True)),
    objective=Label(),
    optimizer=Adam(schedule=Constant(peak=2e-3), beta2=0.999, epsilon=1e-8, clip=1.0),
    batches=Padded(tokens=1024),
    steps=1000,
    evaluate_every=100,
    patience=5,
    keep=1,
    evaluators=(Accuracy("valid"), Accuracy("test")),
)
SST = dataclasses.replace(
    WORLD,
    task=Classification(StanfordSentiment(classes=2, phrases=True), WholeWords(lowercase=True)),
    optimizer=Adam(
        schedule=Cosine(peak=1e-3, warmup=100, steps=4400, final=0.02), beta2=0.999, epsilon=1e-8, clip=1.0
    ),
    steps=4400,  # 4 epochs of phrases, 19 of MR's sentences
    objective=Label(mistakes=True),
    evaluate_every=200,
    patience=None,
)

COLUMNS = {
    "valid": Column("accuracy", "valid"),
    "test": Column("accuracy", "test"),
    **{name: COSTS[name] for name in ("parameters", "time")},
}

TABLE = Table(
    name="sentences",
    title="Classes of sentences: reviews of the generated world",
    lecture="001",
    rows=rows(WORLD, embed=64, hidden=64, encoder=0.2, output=0.2),
    columns=COLUMNS,
    baseline="bag of words",
    smoke=(
        "steps=2",
        "evaluate_every=1",
        "task.corpus.reviews.world.train=64",
        "batches=Padded(tokens=256, shapes=2)",
    ),
    real=Table(
        name="sentences-sst2",
        title="Classes of sentences: SST-2, trained on phrases",
        rows=rows(SST, embed=200, hidden=150, encoder=0.5, output=0.5, unknown=0.1),
        columns=COLUMNS,
        baseline="bag of words",
        published=PUBLISHED,
        smoke=("steps=2", "evaluate_every=1"),
    ),
)
