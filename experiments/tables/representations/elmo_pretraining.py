"""How well do the words on either side predict the one between them?

    lookback run elmo_pretraining                        a small ELMo on the generated world: two minutes
    lookback run elmo_pretraining --data-dir CORPORA     CoNLL-2003, SST, WikiText-2: half an hour on one core

A language model of either direction over words that are read by their characters, which `elmo_tasks` goes on
from. It reads text only: of labelled corpora the words of the training split. Sentences are read one by one,
from their special tokens on, as the tasks read them; bilm-tf goes on from one to the next. The published one
has 2 x 4096 cells and saw a billion words ten times: `read_elmo` in train/weights/elmo.py reads it.
"""

from data.batches.examples import Padded
from data.corpora.sentiment import StanfordSentiment
from data.corpora.tags import Conll2003, GeneratedTags
from data.corpora.text import WikiText2
from data.tasks.bidirectional import BidirectionalText
from data.tokenizers.whole_words import WholeWords
from data.world.tasks import WorldRating
from data.world.world import World
from experiments.report.columns import COSTS, Column
from experiments.report.table import Published, Table
from models.encoders.elmo import ELMo
from models.heads.bilm import BiLM
from train.evaluators.language.bidirectional_perplexity import BidirectionalPerplexity
from train.objectives.bidirectional_tokens import BidirectionalTokens
from train.optimizers import Adam, Cosine
from train.run import Run

WIDTH = 20  # characters of a word, its special tokens included: in WikiText-2 one word of 18,000 has more


def adam(peak: float, steps: int) -> Adam:
    """Clipped as in bilm-tf, whose Adagrad rate of 0.2 is for batches ten times as large."""
    schedule = Cosine(peak=peak, warmup=100, steps=steps, final=0.1)
    return Adam(schedule=schedule, beta2=0.999, epsilon=1e-8, clip=10.0)


SMALL = ELMo(
    features=32,
    cells=64,
    filters=((1, 8), (2, 16), (3, 32), (4, 32)),
    character_dim=8,
    highways=1,
    longest=WIDTH,
)
MEDIUM = ELMo(
    features=128,
    cells=256,
    filters=((1, 32), (2, 32), (3, 64), (4, 64), (5, 64)),
    highways=1,
    longest=WIDTH,
)

# Twice the sentences of the larger task, and in them the names that their training splits leave out.
PLENTY = World(train=10_000)
WORLD = Run(
    model=BiLM(encoder=SMALL),
    task=BidirectionalText((GeneratedTags(PLENTY, "de"), WorldRating(PLENTY, slang=0.5)), width=WIDTH),
    objective=BidirectionalTokens(),
    optimizer=adam(1e-2, 600),
    batches=Padded(tokens=1024, shapes=4),
    steps=600,
    evaluate_every=200,
    keep=1,
    evaluators=(BidirectionalPerplexity("valid"), BidirectionalPerplexity("test")),
)
REAL = Run(
    model=BiLM(encoder=MEDIUM),
    task=BidirectionalText(
        (Conll2003(), StanfordSentiment(), WikiText2()), WholeWords(size=10_000), width=WIDTH
    ),
    objective=BidirectionalTokens(),
    optimizer=adam(3e-3, 2000),
    batches=Padded(tokens=2048),
    steps=2000,
    evaluate_every=250,
    keep=1,
    evaluators=(BidirectionalPerplexity("valid"),),
)


def columns(split: str) -> dict:
    """Perplexity of both directions and of each, on a split, and costs."""
    lower = lambda metric: Column(metric, split, better="lower")
    return {
        "perplexity": lower("perplexity"),
        "forward": lower("forward perplexity"),
        "backward": lower("backward perplexity"),
        **COSTS,
    }


PUBLISHED = (
    Published(
        "biLM, 2 x 4096, projection 512",
        {"perplexity": "39.7"},
        "1B Word Benchmark, 10 epochs, mean of forward and backward, whole vocabulary of 793,471 words",
        "Peters et al. 2018, section 3.4",
    ),
)

TABLE = Table(
    name="elmo_pretraining",
    title="Language models of both directions, generated world",
    lecture="001",
    rows={"ELMo": WORLD},
    columns=columns("test"),
    baseline="ELMo",
    seeds=(0,),
    smoke=(
        "steps=2",
        "evaluate_every=1",
        "batches.tokens=128",
        "batches.shapes=1",
        "task.corpora=(GeneratedTags(world=World(train=30, valid=8, test=8, depth=0)),)",
    ),
    real=Table(
        name="elmo_pretraining-words",
        title="Language models of both directions; CoNLL-2003, SST and WikiText-2, validation splits",
        rows={"ELMo": REAL},
        columns=columns("valid"),
        baseline="ELMo",
        published=PUBLISHED,
        seeds=(0,),
        smoke=("steps=2", "evaluate_every=1", "batches.tokens=128", "batches.shapes=1"),
    ),
)
