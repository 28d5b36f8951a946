"""Does an LSTM almost always do better than an RNN without gates?

    lookback run gates      2 systems x 10 tasks x 3 seeds on the generated world and Python's documentation

Both cells in the same networks on the same tasks by the same recipe, as wide as gives both as many
parameters, within 5 %: Elman's network is about twice as wide. Words and characters are predicted, a word is
recalled, names are tagged, sentences classed, compared and rated; `translation` has both cells too.
"""

import dataclasses

from data.batches.examples import Padded
from data.batches.streams import Streams
from data.corpora.polarity import Polarity
from data.corpora.recall import Recall
from data.corpora.stdlib_text import StdlibDocs
from data.corpora.tags import GeneratedTags
from data.corpora.text import GeneratedText
from data.items.corpus import LabelledCorpus, TextCorpus
from data.tasks.classification import Classification
from data.tasks.language import LanguageModelling
from data.tasks.tagging import Tagging
from data.tokenizers.level import Level
from data.tokenizers.levels import TextCharacters, WhitespaceWords, Words
from data.tokenizers.whole_words import WholeWords
from data.world.tasks import WorldEntailment, WorldRating, WorldSimilarity
from data.world.world import World
from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import Quantity, Score, share_of
from experiments.report.table import Table
from models.encoders.words import WordLSTM
from models.heads.classifier import Classifier
from models.heads.pooling import Last
from models.heads.tagger import Tagger
from models.language.rnn import RNNLM
from train.evaluators.labels.predictions import Accuracy, Correlation, Errors
from train.evaluators.labels.tags import EntityF1
from train.evaluators.language.perplexities import Perplexity
from train.evaluators.language.recall_accuracy import RecallAccuracy
from train.evaluators.named import Named
from train.objectives.next_token import NextToken
from train.objectives.supervised import Label, Regress
from train.optimizers import Adam, Cosine
from train.parts import override
from train.run import Evaluator, Run

DISTANCE = 8  # words between a cue and what it decides
SMALL = World(train=6000)


def trained(run: Run, steps: int, peak: float = 3e-3) -> Run:
    """One recipe for both cells; gradients are clipped, without which the RNN's explode."""
    schedule = Cosine(peak=peak, warmup=50, steps=steps)
    optimizer = Adam(schedule=schedule, beta2=0.999, epsilon=1e-8, clip=1.0)
    return dataclasses.replace(run, optimizer=optimizer, steps=steps, evaluate_every=steps // 10, keep=1)


def text(corpus: TextCorpus, tokenizer: Level, evaluator: Evaluator, steps: int = 1500) -> Run:
    """A language model."""
    run = Run(
        model=RNNLM(embed_dim=64, features=64),
        task=LanguageModelling(corpus, tokenizer),
        objective=NextToken(carried=True),
        batches=Streams(rows=32, length=64),
        evaluators=(evaluator,),
    )
    return trained(run, steps)


def labelled(corpus: LabelledCorpus, evaluator: Evaluator) -> Run:
    """A classifier or a scorer of texts, by the last states in one direction."""
    encoder = WordLSTM(embed_dim=64, features=64, bidirectional=False, dropout=0.2)
    run = Run(
        model=Classifier(encoder=encoder, pooling=Last(), dropout=0.2, pairs=corpus.paired),
        task=Classification(corpus, Words(lowercase=True)),
        objective=Regress() if corpus.scored else Label(),
        batches=Padded(tokens=1024, shapes=4),
        evaluators=(evaluator,),
    )
    return trained(run, 800)


NAMES = trained(
    Run(
        model=Tagger(encoder=WordLSTM(embed_dim=32, features=64, unknown=0.3, rare=1.0, dropout=0.1)),
        task=Tagging(GeneratedTags(SMALL, "de", unseen=0.5), WholeWords(lowercase=True, digits=True)),
        objective=Label(),
        batches=Padded(tokens=1024, shapes=3),
        evaluators=(EntityF1(),),
    ),
    800,
)
RATING = WorldRating(World(train=2000, test=1000))

# Task -> (run, where its cell is, how wide an LSTM is, and an RNN with as many parameters).
TASKS = {
    "words, world": (text(GeneratedText(SMALL), Words(lowercase=True), Perplexity()), "", 64, 92),
    "words, Python": (text(StdlibDocs(), Words(lowercase=True, size=4000), Perplexity()), "", 64, 72),
    "characters, world": (text(GeneratedText(SMALL), TextCharacters(), Perplexity()), "", 128, 270),
    "characters, Python": (text(StdlibDocs(), TextCharacters(), Perplexity()), "", 128, 260),
    "recall": (text(Recall(), WhitespaceWords(), RecallAccuracy(), 2000), "", 94, 200),
    "names": (NAMES, "encoder.", 64, 140),
    "polarity": (labelled(Polarity(RATING), Accuracy("test")), "encoder.", 64, 152),
    "stars": (labelled(RATING, Errors("test")), "encoder.", 64, 152),
    "similarity": (labelled(WorldSimilarity(SMALL), Correlation("test")), "encoder.", 64, 152),
    "entailment": (labelled(WorldEntailment(SMALL), Accuracy("test")), "encoder.", 64, 150),
}


def with_cell(cell: str, number: int) -> dict[str, Run]:
    """{task: run} by a cell, whose width is the so-manyth of each task's."""
    found = {}
    for name, (run, where, *widths) in TASKS.items():
        evaluators = tuple(Named(evaluator, name) for evaluator in run.evaluators)
        changes = [f"model.{where}cell={cell}()", f"model.{where}features={widths[number]}"]
        found[name] = override(dataclasses.replace(run, evaluators=evaluators), changes)
    return found


LOWER = {"perplexity", "RMSE"}
METRICS = {
    **{name: ("perplexity", name, 2) for name in TASKS if name.startswith(("words", "characters"))},
    "recall": ("accuracy", f"recall, distance {DISTANCE}", 1),
    "names": ("F1", "names", 1),
    "polarity": ("accuracy", "polarity", 1),
    "stars": ("RMSE", "stars", 2),
    "similarity": ("Spearman", "similarity", 1),
    "entailment": ("accuracy", "entailment", 1),
}
TABLE = Table(
    name="gates",
    title="The same networks by LSTM and by RNN, of as many parameters",
    lecture="001",
    systems={"RNN": with_cell("RNN", 1), "LSTM": with_cell("LSTM", 0)},
    columns={
        task: Column(metric, name, digits, "lower" if metric in LOWER else "higher")
        for task, (metric, name, digits) in METRICS.items()
    }
    | {"time": COSTS["time"]},
    baseline="RNN",
    smoke=("steps=2", "evaluate_every=1"),
)


def ahead(task: str) -> Quantity:
    """What the LSTM is better by on a task."""
    metric, name, _ = METRICS[task]
    lstm, rnn = (Score("gates", f"{cell}: {task}", metric, name) for cell in ("LSTM", "RNN"))
    return rnn - lstm if metric in LOWER else lstm - rnn


lstm, rnn = (Score("translation", f"{cell}-additive", "BLEU") for cell in ("lstm", "rnn"))
TRANSLATION = lstm - rnn
CLAIMS = (
    Claim(
        "C15",
        "001",
        "LSTMs almost always outperform RNNs",
        (
            Part(
                f"share of {len(TASKS) + 1} tasks on which the LSTM is better",
                share_of([*map(ahead, TASKS), TRANSLATION]),
                least=0.8,
            ),
        ),
        note="One recipe for both, and as many parameters within 5 %.",
    ),
)
