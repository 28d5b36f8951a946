"""Which encoder finds the words of a text that answer a question about it?

    lookback run text_pretraining && lookback run questions     4 rows x 3 seeds on the generated world
    lookback run questions --data-dir CORPORA                   SQuAD 1.1, for those who have its files; first
                                                                `text_pretraining` --data-dir CORPORA

All sentences of a text of the world have one verb: it takes who did what to whom, and where, to tell which of
them is asked about. Exact match and F1 are those of SQuAD's own evaluation.
"""

import dataclasses

from data.batches.examples import Padded
from data.corpora.squad import Squad
from data.tasks.questions import Questions
from data.tokenizers.levels import Words
from data.tokenizers.wordpiece import WordPiece
from experiments.report.columns import COSTS, Column
from experiments.report.table import Published, Table
from experiments.tables.representations import text_pretraining
from experiments.tables.representations.bert_pretraining import adam
from models.encoders.attention_flow import AttentionFlow
from models.encoders.bert import BERT
from models.encoders.words import BagOfWords, WordLSTM
from models.heads.span import SpanFinder
from train.evaluators.labels.spans import SpanAnswers
from train.objectives.supervised import Label
from train.run import Run
from train.weights.initial import Pretrained


def attending(lstm: WordLSTM, features: int, question_to_context: bool) -> AttentionFlow:
    """Attention between one layer and another of these features; fewer, for what is read above is wider."""
    below = dataclasses.replace(lstm, features=features, num_layers=1)
    return AttentionFlow(
        encoder=below, question_to_context=question_to_context, features=features, dropout=lstm.dropout
    )


def rows(base: Run, width: int, bert: BERT, pieces: int, pretrained: Pretrained) -> dict[str, Run]:
    """{row: run}: encoders beneath one span finder, BERT's with random weights and with pretrained ones."""
    lstm = WordLSTM(embed_dim=width, features=width, num_layers=2, dropout=0.2)
    asking = attending(lstm, 23 * width // 32, question_to_context=False)
    flow = attending(lstm, 21 * width // 32, question_to_context=True)
    reader = lambda encoder: dataclasses.replace(base, model=SpanFinder(encoder=encoder, dropout=0.1))
    scratch = dataclasses.replace(
        reader(bert),
        task=dataclasses.replace(base.task, tokenizer=WordPiece(size=pieces)),
        optimizer=adam(3e-4, base.steps),
    )
    return {
        "bag of words": reader(BagOfWords(embed_dim=width)),
        "BiLSTM": reader(lstm),
        "BiLSTM + attention to the question": reader(asking),
        "BiLSTM + attention flow": reader(flow),
        "BERT from scratch": scratch,
        "BERT pretrained here": dataclasses.replace(scratch, initial=pretrained),
    }


WORLD = Run(
    model=SpanFinder(),
    task=Questions(tokenizer=Words(lowercase=True), longest=64, stride=16, asking=24),
    objective=Label(),
    optimizer=adam(2e-3, 1000),
    batches=Padded(tokens=1024, shapes=3),
    steps=1000,
    evaluate_every=100,
    keep=1,
    evaluators=(SpanAnswers("test"),),
)
SQUAD = dataclasses.replace(
    WORLD,
    task=dataclasses.replace(WORLD.task, corpus=Squad(), stride=24),
    optimizer=adam(2e-3, 20_000),
    batches=Padded(tokens=4096),
    steps=20_000,
    evaluate_every=2000,
    evaluators=(SpanAnswers("valid"),),
)

_LECTURE = "Peters et al. 2018, table 1, as the lecture shows it"
PUBLISHED = (
    *(
        Published(system, {"F1": f1}, "SQuAD 1.1, hidden test set", _LECTURE)
        for system, f1 in (("best before ELMo", "84.4"), ("baseline", "81.1"), ("baseline + ELMo", "85.8"))
    ),
    *(
        Published(system, {"F1": f1}, "SQuAD 1.1, dev", "model cards of AllenNLP")
        for system, f1 in (("BiDAF", "76"), ("BiDAF + ELMo", "80"))
    ),
)


def columns(split: str) -> dict:
    """Exact match and F1 of a split, and costs."""
    return {"exact match": Column("exact match", split), "F1": Column("F1", split), **COSTS}


SMOKE = ("steps=2", "evaluate_every=1", "initial=None", "batches.tokens=256", "batches.shapes=1")

TABLE = Table(
    name="questions",
    title="Spans that answer questions, generated world",
    lecture="001",
    rows=rows(WORLD, 64, text_pretraining.TINY, 1500, Pretrained("text_pretraining", "BERT on sentences")),
    columns=columns("test"),
    baseline="bag of words",
    smoke=(*SMOKE, "task.corpus.world.train=64"),
    real=Table(
        name="questions-squad",
        title="Spans that answer questions, SQuAD 1.1, dev",
        rows=rows(
            SQUAD,
            128,
            text_pretraining.ENCODER,
            8000,
            text_pretraining.READER,
        ),
        columns=columns("valid"),
        baseline="bag of words",
        published=PUBLISHED,
        smoke=SMOKE,
    ),
)
