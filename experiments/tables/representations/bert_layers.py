"""Which layers of a BERT that is trained no further tell names best?

    lookback run word_senses --rows BERT --seeds 1      pretrains one on the generated world, then
    lookback run bert_layers                            7 rows x 5 seeds
    lookback run text_pretraining --data-dir CORPORA && \\
    lookback run bert_layers --data-dir CORPORA         the same on CoNLL-2003, over a BERT of IMDB's reviews
    lookback run bert_layers --rows "last hidden" initial=None      what random weights bring

The six choices of Devlin et al. 2019, §5.3: two layers of a BiLSTM read the layers as they are, and the first
piece of a word tells its tag. Half of the names of the world are in no tagged sentence; BERT has read them
without tags. The last row trains BERT on instead.
"""

import dataclasses

from data.batches.examples import Padded
from data.corpora.tags import Conll2003, GeneratedTags
from data.tasks.tagging import Tagging
from data.tokenizers.wordpiece import WordPiece
from data.world.world import World
from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import Score, most
from experiments.report.table import Published, Table
from experiments.tables.representations import text_pretraining, word_senses
from models.encoders.bert import BERT
from models.encoders.features import CHOICES
from models.heads.feature_tagger import FeatureTagger
from train.evaluators.labels.tags import EntityF1
from train.objectives.supervised import Label
from train.optimizers import Adam, Cosine
from train.run import Run
from train.weights.initial import Pretrained


def rows(read: Run, on: Run, encoder: BERT, before: Pretrained) -> dict[str, Run]:
    """`read` with each choice of the encoder's layers, and `on`, which trains the encoder on."""
    reading = dataclasses.replace(read.model, encoder=encoder)
    models = {name: dataclasses.replace(reading, choice=choice) for name, choice in CHOICES.items()}
    found = {name: dataclasses.replace(read, model=model, initial=before) for name, model in models.items()}
    whole = FeatureTagger(encoder=encoder, frozen=False, num_layers=0, dropout=encoder.dropout)
    return found | {"fine-tuned": dataclasses.replace(on, model=whole, initial=before)}


WORLD = Run(
    model=FeatureTagger(features=64, dropout=0.2),
    task=Tagging(GeneratedTags(World(train=500), "en", unseen=0.5), WordPiece(size=1500)),
    objective=Label(),
    optimizer=Adam(schedule=Cosine(peak=3e-3, warmup=20, steps=400), beta2=0.999, epsilon=1e-8, clip=5.0),
    batches=Padded(tokens=512, shapes=3),
    steps=400,
    evaluate_every=50,
    keep=1,
    evaluators=(EntityF1(),),
)
# CoNLL-2003 in pieces is about 700 updates of 512: six epochs. BERT-mini has read no more than 64 at a time.
CONLL = dataclasses.replace(
    WORLD,
    model=FeatureTagger(features=128, dropout=0.3),
    task=Tagging(Conll2003(), WordPiece(size=8000), longest=64),
    optimizer=Adam(schedule=Cosine(peak=2e-3, warmup=100, steps=4200), beta2=0.999, epsilon=1e-8, clip=5.0),
    batches=Padded(tokens=512),
    steps=4200,
    evaluate_every=350,
    evaluators=(EntityF1("valid"),),
)


def trained_on(run: Run) -> Run:
    """The same for an encoder that is trained with the rest: a tenth of the rate, and decay."""
    schedule = dataclasses.replace(run.optimizer.schedule, peak=run.optimizer.schedule.peak / 10)
    optimizer = Adam(schedule=schedule, beta2=0.999, epsilon=1e-6, decay=0.01, clip=1.0)
    return dataclasses.replace(run, optimizer=optimizer)


_DEVLIN = (
    "CoNLL-2003 dev, mean of 5 restarts; cased BERT-base as it is below a BiLSTM of 2 x 768, document "
    "context, first piece of a word, no random field"
)
PUBLISHED = tuple(
    Published(row, {"F1": value}, _DEVLIN, "Devlin et al. 2019, table 7")
    for row, value in zip(CHOICES, ("91.0", "95.6", "94.9", "95.9", "96.1", "95.5"), strict=True)
)
FINE_TUNED = Published(
    "fine-tuned",
    {"F1": "96.4"},
    "CoNLL-2003 dev, mean of 5 restarts; all of BERT-base trained on with a linear layer",
    "Devlin et al. 2019, table 7",
)


def columns(split: str) -> dict:
    """F1, precision and recall of a split, and costs."""
    return {name: Column(name, split) for name in ("F1", "precision", "recall")} | COSTS


SMOKE = ("steps=2", "evaluate_every=1", "batches.tokens=128", "batches.shapes=1", "initial=None")
TABLE = Table(
    name="bert_layers",
    title="Names by layers of a frozen BERT, generated world",
    lecture="001",
    rows=rows(WORLD, trained_on(WORLD), word_senses.MASKED.model.encoder, Pretrained("word_senses", "BERT")),
    columns=columns("test"),
    baseline="last hidden",
    seeds=(0, 1, 2, 3, 4),
    smoke=(*SMOKE, "task.corpus.world=World(train=60, valid=8, test=8, depth=0)"),
    real=Table(
        name="bert_layers-conll2003",
        title="Named entities by layers of a frozen BERT, CoNLL-2003, eng.testa",
        rows=rows(
            CONLL,
            trained_on(CONLL),
            text_pretraining.ENCODER,
            text_pretraining.READER,
        ),
        columns=columns("valid"),
        baseline="last hidden",
        published=(*PUBLISHED, FINE_TUNED),
        seeds=(0, 1, 2, 3, 4),
        smoke=SMOKE,
    ),
)


def f1(row: str) -> Score:
    """F1 of a row on the test split."""
    return Score("bert_layers", row, "F1")


CLAIMS = (
    Claim(
        "C41",
        "001",
        "later layers have the best representations",
        (
            Part(
                "F1 of the last layer less the best of the others",
                f1("last hidden") - most(*(f1(row) for row in CHOICES if row != "last hidden")),
                least=-0.2,
                given=(Part("F1 of the last layer", f1("last hidden"), least=40),),
            ),
        ),
        note="Sums and concatenations of layers are among the others, as in Devlin et al. 2019, table 7.",
    ),
)
