"""Does a word have one vector, or one for each thing that it means?

    lookback run word_senses                       5 rows x 3 seeds on the generated world: 15 minutes
    lookback plot runs/word_senses/BERT/0          the sentences of each word along two directions, by sense

A green shirt, green recruits and a green policy: with one vector a word all three are alike, whatever stands
around them. Here coaches drive or teach, bats fly or are swung, letters are sent or spelled. Each model has
seen the same text without a label. A cosine of 1 is one vector. The sense whose other sentences are nearest
on average is the right one half of the time, where a vector knows nothing of it. An untrained BERT is the
control: its vectors differ too, as what stands around differs.
"""

import dataclasses

from data.batches.examples import Padded
from data.batches.masked import MaskedPairs
from data.batches.masking import Masking
from data.batches.streams import Streams
from data.corpora.tags import GeneratedTags
from data.corpora.text import GeneratedText
from data.tasks.bidirectional import BidirectionalText
from data.tasks.language import LanguageModelling
from data.tasks.pretraining import Pretraining
from data.tokenizers.levels import Words
from data.tokenizers.wordpiece import WordPiece
from data.world.world import World
from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import Score
from experiments.report.table import Table
from experiments.tables.representations.elmo_pretraining import SMALL as SMALL_ELMO
from experiments.tables.representations.elmo_pretraining import WIDTH, adam
from models.encoders.bert import BERT
from models.heads.bilm import BiLM
from models.heads.masked_lm import MaskedLM
from models.language.rnn import RNNLM
from models.vectors.word2vec import Word2Vec
from train.evaluators.vectors.sense_separation import SenseSeparation
from train.objectives.bidirectional_tokens import BidirectionalTokens
from train.objectives.masked_tokens import MaskedTokens
from train.objectives.next_token import NextToken
from train.optimizers import Adam, Constant, Cosine
from train.run import Run

WORLD = World(ambiguity=0.5, depth=1, train=10_000)
MASKED = Run(
    model=MaskedLM(
        encoder=BERT(context=128, features=96, num_heads=4, num_layers=4, dropout=0.0, attention_dropout=0.0)
    ),
    task=Pretraining(GeneratedText(WORLD), WordPiece(size=1500), length=64, next_sentence=False),
    objective=MaskedTokens(next_sentence=False),
    optimizer=Adam(schedule=Cosine(peak=1e-3, warmup=400, steps=7000), beta2=0.999, epsilon=1e-6, decay=0.01),
    batches=MaskedPairs(rows=16, masking=Masking(share=0.4)),
    steps=7000,  # it looks around after 3,500
    evaluate_every=500,
    keep=1,
    evaluators=(SenseSeparation(),),
)
READ_ON = dataclasses.replace(
    MASKED,
    model=RNNLM(embed_dim=96, features=96, dropout=0.1),
    task=LanguageModelling(GeneratedText(WORLD), Words(lowercase=True)),
    objective=NextToken(carried=True),
    optimizer=Adam(schedule=Cosine(peak=4e-3, warmup=100, steps=2000), beta2=0.999, clip=1.0),
    batches=Streams(rows=32, length=32),
    steps=2000,
)
BOTH_WAYS = dataclasses.replace(
    MASKED,
    model=BiLM(encoder=SMALL_ELMO),
    task=BidirectionalText((GeneratedTags(WORLD),), width=WIDTH),
    objective=BidirectionalTokens(),
    optimizer=adam(1e-2, 1000),
    batches=Padded(tokens=1024, shapes=4),
    steps=1000,
)
STILL = {"optimizer": Adam(schedule=Constant(peak=0.0)), "steps": 3, "evaluate_every": 3}

metrics = {
    "cosine, one sense": Column("cosine, one sense", "test", 2, better="neither"),
    "cosine, two senses": Column("cosine, two senses", "test", 2, better="lower"),
    "sense accuracy": Column("sense accuracy", "test"),
    **{f"layer {n}": Column("sense accuracy", f"layer {n}") for n in range(5)},
    "cosine of three greens": Column("cosine", "green", 2, better="lower"),
}

TABLE = Table(
    name="word_senses",
    title="Vectors of nouns with several senses, generated world",
    lecture="001",
    rows={
        "skip-gram": dataclasses.replace(READ_ON, model=Word2Vec(features=96, window=3, epochs=5)),
        "LSTM": READ_ON,
        "ELMo": BOTH_WAYS,
        "BERT": MASKED,
        "BERT, untrained": dataclasses.replace(MASKED, **STILL),
    },
    columns={**metrics, "parameters": COSTS["parameters"], "time": COSTS["time"]},
    baseline="skip-gram",
    smoke=(
        "steps=2",
        "evaluate_every=1",
        "evaluators=(SenseSeparation(senses=WorldSenses(world=World(ambiguity=1.0, depth=0, test=100))),)",
    ),
)


def accuracy(row: str) -> Score:
    """How often a row's last layer tells the sense of a noun."""
    return Score("word_senses", row, "sense accuracy")


CLAIMS = (
    Claim(
        "C54",
        "001",
        "one type vector conflates the senses of a word",
        (
            Part(
                "sense accuracy of BERT less BERT, untrained",
                accuracy("BERT") - accuracy("BERT, untrained"),
                least=10,
            ),
        ),
    ),
)
