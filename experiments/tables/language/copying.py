"""Which words does a pointer predict better?

    lookback run copying                         6 rows x 3 seeds on the documentation Python carries
    lookback run copying --data-dir CORPORA      the same on the Penn Treebank: hours on 2 cores

"Fed Chair Janet Yellen ... raised rates. Ms. ___": a softmax hardly knows a word that training had a few
times, and a pointer need only have seen it on the page. So perplexity is taken apart: into rare words (at
most 10 times in training), those seen (among the 100 before the last, where the pointer can point to), and
new ones, where what the pointer has is lost.
"""

import dataclasses

from data.corpora.stdlib_text import StdlibDocs
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import Words
from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import PairedTest, Score
from experiments.report.table import Table
from experiments.tables.language.perplexity import PTB_SMALL, SMALL
from models.attention.pointers import Average, Gate, Sentinel
from models.attention.scores import ScaledDot
from train.evaluators.language.perplexities import Perplexity
from train.evaluators.language.word_groups import WordGroups
from train.optimizers import Adam, Cosine
from train.run import Run

DOCUMENTATION = dataclasses.replace(
    SMALL,
    task=LanguageModelling(StdlibDocs(), Words()),
    optimizer=Adam(schedule=Cosine(peak=4e-3, warmup=20, steps=600), beta2=0.999, clip=1.0),
    steps=600,
)


POINTERS = {
    "average": Average(),
    "gate": Gate(),
    "sentinel": Sentinel(),
    "sentinel as one key": Sentinel(even=False),
}


def rows(run: Run, split: str) -> dict[str, Run]:
    """{row: run}: an LSTM, with attention, and with each pointer."""
    lstm = dataclasses.replace(run.model, window=WordGroups().window)
    looking = dataclasses.replace(lstm, score=ScaledDot())
    models = {"LSTM": lstm, "LSTM + attention": looking} | {
        f"LSTM + pointer {name}": dataclasses.replace(looking, pointer=pointer)
        for name, pointer in POINTERS.items()
    }
    evaluators = (Perplexity(split=split), WordGroups(split=split))
    return {
        row: dataclasses.replace(run, model=model, evaluators=evaluators) for row, model in models.items()
    }


def columns(split: str) -> dict:
    """Perplexity of all words and of each group, rare or common, seen shortly before or not."""
    lower = lambda split, digits=0: Column("perplexity", split, digits, better="lower")
    groups = ("rare", "seen", "rare and seen", "rare and new", "common and seen", "common and new")
    costs = {name: COSTS[name] for name in ("parameters", "time")}
    return {"all words": lower(split, 1)} | {group: lower(group) for group in groups} | costs


TABLE = Table(
    name="copying",
    title="Perplexity of rare words and of those seen shortly before; documentation of Python",
    lecture="002",
    rows=rows(DOCUMENTATION, "test"),
    columns=columns("test"),
    baseline="LSTM",
    smoke=("steps=2", "evaluate_every=1", "task.corpus.size=20000"),
    real=Table(
        name="copying-ptb",
        title="Perplexity of rare words and of those seen shortly before; Penn Treebank, validation split",
        rows=rows(PTB_SMALL, "valid"),
        columns=columns("valid"),
        baseline="LSTM",
        smoke=("steps=2", "evaluate_every=1", "evaluators=(WordGroups(split='valid'),)"),
    ),
)


def perplexity(row: str, group: str) -> Score:
    """Of a group of words, all of which are "test"."""
    return Score("copying", row, "perplexity", group)


SENTINEL, GATE, AVERAGE = (f"LSTM + pointer {name}" for name in ("sentinel", "gate", "average"))
CLAIMS = (
    Claim(
        "C31",
        "002",
        "copying helps with rare names that were seen before",
        (
            Part(
                "perplexity of rare words seen, with a pointer over without",
                perplexity(SENTINEL, "rare and seen") / perplexity("LSTM", "rare and seen"),
                most=1 / 5,
                test=PairedTest("copying", SENTINEL, "LSTM", "perplexity", "rare and seen"),
            ),
            Part(
                "perplexity of all words, with a pointer over without",
                perplexity(SENTINEL, "test") / perplexity("LSTM", "test"),
                most=1,
            ),
        ),
    ),
    Claim(
        "C32",
        "002",
        "learned reliance beats plain averaging",
        (
            Part(
                "perplexity, learned gate less average",
                perplexity(GATE, "test") - perplexity(AVERAGE, "test"),
                most=0,
                test=PairedTest("copying", GATE, AVERAGE, "perplexity"),
            ),
        ),
    ),
)
