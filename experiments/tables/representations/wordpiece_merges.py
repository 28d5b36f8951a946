"""Do the pairs that WordPiece merges raise the likelihood of a text more than BPE's would?

    lookback run wordpiece_merges      4 rows, exact: nothing is trained, one seed is all, seconds each

At each merge by which WordPiece cuts a text into pieces the most frequent pair, which BPE would merge, is
held against its own: what does either add to log p(text), of independent pieces? WordPiece divides the
frequency of a pair by those of its parts, which favours rare pairs: with a `least` frequency it looks at no
pair below that; without one at those half as frequent as the most frequent first, as ours does.
"""

import dataclasses

from data.corpora.stdlib_text import StdlibDocs
from data.corpora.text import GeneratedText
from data.tasks.language import LanguageModelling
from data.tokenizers.wordpiece import WordPiece
from experiments.report.claims import Claim, Part
from experiments.report.columns import Column
from experiments.report.quantities import Score
from experiments.report.table import Table
from models.language.ngram import NGram
from train.evaluators.named import Named
from train.evaluators.pieces.merge_gains import MergeGains
from train.run import Run

DOCS = Run(
    model=NGram(order=1),
    task=LanguageModelling(StdlibDocs(), WordPiece(size=2000)),
    keep=1,
    evaluators=(MergeGains(),),
)


CORPORA = {"documentation": StdlibDocs(), "world": GeneratedText()}


def merged(least: int | None) -> dict[str, Run]:
    """{corpus: run}: the documentation of Python and the generated world, by a floor of frequency."""
    tokenizer = WordPiece(size=2000, least=least)
    return {
        name: dataclasses.replace(
            DOCS,
            task=dataclasses.replace(DOCS.task, corpus=corpus, tokenizer=tokenizer),
            evaluators=(Named(MergeGains(), name),),
        )
        for name, corpus in CORPORA.items()
    }


def columns(name: str) -> dict[str, Column]:
    """What is measured of the merges on a corpus."""
    neither = lambda metric: Column(metric, name, better="neither")
    return {
        f"{name}: greater, %": neither("greater"),
        f"{name}: the same, %": neither("same"),
        f"{name}: gain": neither("gain"),
        f"{name}: BPE's": neither("gain, most frequent"),
    }


TABLE = Table(
    name="wordpiece_merges",
    title="Merges of WordPiece beside BPE's: what they add to the log-likelihood of the text, nats",
    lecture="001",
    systems={"WordPiece": merged(None), "WordPiece, all pairs met twice": merged(2)},
    columns={key: column for name in CORPORA for key, column in columns(name).items()},
    baseline="WordPiece",
    seeds=(0,),
    smoke=("steps=2", "evaluators.Named.of.most=20", "task.tokenizer.size=400"),
)
CLAIMS = (
    Claim(
        "C46",
        "001",
        "WordPiece merges the pairs that maximize the likelihood",
        tuple(
            Part(
                f"merges that add more to log p(text) than BPE's, %, {row}",
                Score("wordpiece_merges", row, "greater", row.rpartition(": ")[2]),
                least=95,
                exact=True,
            )
            for row in TABLE.rows
        ),
        note="Where both merge one pair, WordPiece's adds no more.",
    ),
)
