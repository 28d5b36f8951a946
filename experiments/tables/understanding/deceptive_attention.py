"""Can attention be moved off the words that a prediction depends on, and the predictions stay?

    lookback run text_pretraining --rows "BERT on sentences" && \\
    lookback run deceptive_attention      13 systems x 2 tasks x 3 seeds, generated world: 1 to 2 minutes each
                                          and 5 x 4 x 3 of sequence to sequence: 3 minutes each
    lookback run deceptive_attention --data-dir CORPORA       SST-2, and two sets of Pruthi et al. 2020: hours

BERT begins with the weights of `text_pretraining`, on CORPORA of that there.

"Same predictions" from weights that were changed greatly (UMass CS685, on attention as explanation). Classes
are learned while attention to marked words is priced, -penalty log(1 - what is on them) (Pruthi et al. 2020).
Marked are the words of value of a review, which its class follows from, and the names and pronouns of whom a
sentence is about. Low attention alone proves nothing: what is learned without these words, "without", says
how much they matter; uniform attention, what is on them by chance; frozen attention, whether it has to be
learned at all. Without a price, attention is dealt out anew, and is sought as far from itself as it can be
with the same predictions (Jain & Wallace 2019), and is compared with what predictions depend on.

Sequence to sequence is told the word that each word of its target comes of, of numbers that are copied,
reversed or exchanged in twos and of the world's German, and attention to just that is priced. Nothing else
there tells that word: what attention is worth is what uniform attention and none at all leave. A word is
right that stands at its place of what is written greedily.

An embedding knows of no other word, an LSTM's states do, and so do BERT's: there Pruthi et al. keep marked
words and others apart, and nothing does here. What validation chooses by has its price in it. Theirs is the
epoch within 2 % of the accuracy that has the least on marked words.
"""

import dataclasses
from collections.abc import Mapping

from data.batches.examples import Padded
from data.batches.pairs import Buckets
from data.corpora.marked.anonymised import Anonymised
from data.corpora.marked.impermissible import Occupations, SstWiki
from data.corpora.marked.rewritten import Rewritten
from data.corpora.polarity import Polarity
from data.corpora.sentiment import StanfordSentiment
from data.items.corpus import LabelledCorpus
from data.tasks.aligned_translation import AlignedTranslation
from data.tasks.classification import Classification
from data.tasks.marked_classification import MarkedClassification
from data.tokenizers.level import Level
from data.tokenizers.levels import WhitespaceWords
from data.tokenizers.whole_words import WholeWords
from data.tokenizers.wordpiece import WordPiece
from data.world.gender import WorldGender
from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import Score
from experiments.report.table import Published, Table
from experiments.tables.representations import text_pretraining
from experiments.tables.representations.bert_pretraining import adam
from experiments.tables.translation.translation import WORLD_LSTM
from models.attention.scores import Additive, Uniform
from models.attention.scores import Score as AttentionScore
from models.encoders.words import BagOfWords, WordLSTM
from models.heads.classifier import Classifier
from models.heads.pooling import Attentive, First, FrozenAttentive, UniformAttention
from models.translation.seq2seq import Seq2Seq
from train.evaluators.attention.agreement import AttentionAgreement
from train.evaluators.attention.aligned_mass import AlignedMass
from train.evaluators.attention.marked_mass import MarkedMass
from train.evaluators.attention.other_attention import AdversarialAttention, PermutedAttention
from train.evaluators.labels.predictions import Accuracy
from train.evaluators.named import Named
from train.evaluators.translation.bleu_scores import Bleu
from train.evaluators.translation.word_accuracy import WordAccuracy
from train.objectives.deceptive_attention import DeceptiveAttention, DeceptiveTranslation
from train.objectives.next_token import NextTargetToken
from train.objectives.supervised import Label
from train.optimizers import Adam, Cosine
from train.run import Evaluator, Run
from train.weights.initial import Pretrained

PENALTIES = (0.1, 1.0)
WITHOUT = "without"  # what a task goes by whose marked words are gone
SEQUENCES = "seq2seq"
LOOKS = (PermutedAttention(), AdversarialAttention(), AttentionAgreement())


@dataclasses.dataclass(frozen=True)
class Network:
    """A classifier, how it reads, its rate, and what it begins with; whether its pooling is what looks."""

    model: Classifier
    tokenizer: Level
    peak: float
    initial: Pretrained | None = None

    @property
    def pools(self) -> bool:
        """Whether other weights can be put in the place of its own."""
        return self.model.pooling.attends

    def run(self, base: Run, name: str, corpus: LabelledCorpus, looks: tuple[Evaluator, ...] = ()) -> Run:
        """A task learned without a price."""
        task = MarkedClassification if corpus.marks else Classification
        looks = tuple(one for one in looks if self.pools or isinstance(one, AttentionAgreement))
        if corpus.marks:
            looks = (MarkedMass(), *looks)
        return dataclasses.replace(
            base,
            model=self.model,
            task=task(corpus, self.tokenizer, longest=base.task.longest),
            optimizer=adam(self.peak, base.steps),
            evaluators=(Accuracy("test", name=name), *(Named(one, name) for one in looks)),
            initial=self.initial,
        )


def systems(
    networks: Mapping[str, Network], base: Run, tasks: Mapping[str, LabelledCorpus], looked: str
) -> dict[str, dict[str, Run]]:
    """{system: {task: run}}; attention is asked what it tells in the task that is `looked` at."""
    found: dict[str, dict[str, Run]] = {}
    for name, network in networks.items():
        learned = {
            task: network.run(base, task, corpus, LOOKS if task == looked else ())
            for task, corpus in tasks.items()
        }
        marked = {task: run for task, run in learned.items() if tasks[task].marks}
        found[name] = learned | {
            f"{task}, {WITHOUT}": network.run(base, f"{task}, {WITHOUT}", Anonymised(tasks[task]))
            for task in marked
        }
        for how, pooling in (("uniform", UniformAttention()), ("frozen", FrozenAttentive())):
            if network.pools:
                model = dataclasses.replace(network.model, pooling=pooling)
                found[f"{name}, {how}"] = {
                    task: dataclasses.replace(run, model=model) for task, run in learned.items()
                }
        for penalty in PENALTIES:
            found[f"{name}, penalty {penalty:g}"] = {
                task: dataclasses.replace(run, objective=DeceptiveAttention(Label(), penalty))
                for task, run in marked.items()
            }
    return found


def columns(tasks: Mapping[str, LabelledCorpus], looked: str) -> dict[str, Column]:
    """Accuracies, masses and hits in per cent, and what attention tells in one task."""
    found = {}
    for task, corpus in tasks.items():
        found[task] = Column("accuracy", task)
        if corpus.marks:
            found |= {
                f"{task}, mass": Column("marked mass", task, 2, better="lower"),
                f"{task}, uniform mass": Column("uniform mass", task, better="neither"),
                f"{task}, {WITHOUT}": Column("accuracy", f"{task}, {WITHOUT}", better="neither"),
            }
    told = {
        "permuted": "permuted",
        "adversarial": "adversarial",
        "tau, gradient": "agreement with gradient",
        "tau, omission": "agreement with omission",
    }
    hits = {f"hits by {name}": f"hits by {name}" for name in ("attention", "gradient", "omission")}
    found |= {name: Column(metric, looked, 2, better="neither") for name, metric in told.items()}
    if tasks[looked].marks:
        found |= {name: Column(metric, looked, better="neither") for name, metric in hits.items()}
    return found


def networks(embed: int, features: int, bert: Classifier, pieces: WordPiece, initial: Pretrained) -> dict:
    """{name: network}, the first two by words, the last after masked tokens."""
    words, sizes = WholeWords(lowercase=True), {"embed_dim": embed, "dropout": 0.2}
    looking = Classifier(encoder=BagOfWords(**sizes), pooling=Attentive(), dropout=0.2)
    lstm = WordLSTM(features=features, **sizes)
    return {
        "embedding": Network(looking, words, 3e-3),
        "BiLSTM": Network(dataclasses.replace(looking, encoder=lstm), words, 3e-3),
        "BERT": Network(bert, pieces, 3e-4, initial),
    }


def sequences(tasks: Mapping[str, Run]) -> dict[str, dict[str, Run]]:
    """{system: {task: run}} of sequence to sequence, from runs that look at nothing and have no price."""
    scores = {"": Additive(), ", uniform": Uniform(), ", no attention": None}
    found = {
        f"{SEQUENCES}{how}": {task: looking(run, task, score) for task, run in tasks.items()}
        for how, score in scores.items()
    }
    for penalty in PENALTIES:
        found[f"{SEQUENCES}, penalty {penalty:g}"] = {
            task: dataclasses.replace(
                run, objective=DeceptiveTranslation(smoothing=run.objective.smoothing, penalty=penalty)
            )
            for task, run in found[SEQUENCES].items()
        }
    return found


def looking(run: Run, task: str, score: AttentionScore | None) -> Run:
    """The run by this score, judged by the name of its task."""
    judges = run.evaluators if score is None else (*run.evaluators, AlignedMass())
    model = dataclasses.replace(run.model, score=score)
    return dataclasses.replace(run, model=model, evaluators=tuple(Named(one, task) for one in judges))


def sequence_columns(tasks: Mapping[str, Run]) -> dict[str, Column]:
    """Accuracies, or BLEU, and masses in per cent."""
    found = {}
    for task, run in tasks.items():
        metric = "BLEU" if isinstance(run.evaluators[0], Bleu) else "accuracy"
        found[task if metric == "accuracy" else f"{task}, {metric}"] = Column(metric, task)
        found[f"{task}, mass"] = Column("marked mass", task, 2, better="lower")
    return found


WORLD = Run(
    model=Classifier(),
    task=Classification(longest=64),
    objective=Label(),
    batches=Padded(tokens=1024, shapes=2),
    steps=1000,  # with a price the BiLSTM's loss on reviews begins to fall after 200, and is not done at 400
    evaluate_every=100,
    keep=1,
)
REAL = dataclasses.replace(WORLD, task=Classification(longest=128), steps=2000, evaluate_every=200)
TASKS = {"polarity": Polarity(), "gender": WorldGender()}
REAL_TASKS = {
    "SST-2": StanfordSentiment(classes=2),
    "SST + Wikipedia": SstWiki(),
    "occupation": Occupations(),
}

REWRITTEN = Run(
    model=Seq2Seq(embed_dim=64, features=128, score=None, dropout=0.0),
    task=AlignedTranslation(Rewritten(), "given", "rewritten", WhitespaceWords()),
    objective=NextTargetToken(smoothing=0.0),
    optimizer=Adam(schedule=Cosine(peak=4e-3, warmup=100, steps=2000), beta2=0.999, clip=1.0),
    batches=Buckets(tokens=1024, shapes=3),
    steps=2000,
    evaluate_every=200,
    keep=1,
    evaluators=(WordAccuracy(),),
)
SEQUENCE_TASKS = {
    "flip": REWRITTEN,
    **{
        name: dataclasses.replace(
            REWRITTEN, task=dataclasses.replace(REWRITTEN.task, corpus=Rewritten(how=how))
        )
        for name, how in (("copy", "copied"), ("reverse", "reversed"))
    },
    "en-de": dataclasses.replace(
        WORLD_LSTM,
        task=AlignedTranslation(WORLD_LSTM.task.corpus, tokenizer=WORLD_LSTM.task.tokenizer),
        keep=1,
        evaluators=(Bleu(),),
    ),
}

COLUMNS = columns(TASKS, "polarity") | sequence_columns(SEQUENCE_TASKS) | {"time": COSTS["time"]}
REAL_COLUMNS = columns(REAL_TASKS, "SST-2") | {"time": COSTS["time"]}
OCCUPATION, WIKIPEDIA = (
    [name for name in REAL_COLUMNS if name.startswith(task) and "uniform" not in name]
    for task in ("occupation", "SST + Wikipedia")
)

PUBLISHED = tuple(
    Published(
        row,
        dict(zip((*OCCUPATION, *WIKIPEDIA), values, strict=True)),
        "scores by a learned query's dot product; BERT-base, in which words and marked words do not see each "
        "other; the authors' files for train, dev and test; of the epochs within 2 % of the accuracy on dev "
        "that of the least mass",
        "Pruthi et al. 2020, Learning to Deceive with Attention-Based Explanations, table 3",
    )
    for row, *values in (
        ("embedding", "96.3", "51.4", "93.8", "70.7", "48.4", "48.9"),
        ("embedding, penalty 0.1", "96.2", "4.6", "", "67.9", "36.4", ""),
        ("embedding, penalty 1", "96.2", "1.3", "", "48.4", "8.7", ""),
        ("BiLSTM", "96.4", "50.3", "93.3", "76.9", "77.7", "49.1"),
        ("BiLSTM, penalty 0.1", "96.4", "0.08", "", "60.6", "0.04", ""),
        ("BiLSTM, penalty 1", "96.7", "< 0.01", "", "61.0", "0.07", ""),
        ("BERT, mean of heads", "97.2", "13.9", "95.0", "90.8", "59.0", "50.4"),
        ("BERT, mean of heads, penalty 0.1", "97.2", "0.01", "", "90.9", "< 0.01", ""),
        ("BERT, mean of heads, penalty 1", "97.2", "< 0.001", "", "90.6", "< 0.001", ""),
    )
)

FLIPPED = Published(
    SEQUENCES,
    {"flip": "100", "flip, mass": "93.34"},
    "their network, words and lengths",
    "Pruthi et al. 2020, Learning to Deceive with Attention-Based Explanations, sequence tasks",
)

PRETRAINED = Pretrained("text_pretraining", "BERT on sentences")
FROM_FIRST = Classifier(encoder=text_pretraining.TINY, pooling=First(), dropout=0.1)
REAL_FIRST = Classifier(encoder=text_pretraining.ENCODER, pooling=First(), dropout=0.1)
SMOKE = ("steps=2", "evaluate_every=1", "initial=None")

TABLE = Table(
    name="deceptive_attention",
    title="Attention taught to look elsewhere, generated world",
    lecture="002",
    systems=systems(networks(64, 64, FROM_FIRST, WordPiece(size=1500), PRETRAINED), WORLD, TASKS, "polarity")
    | sequences(SEQUENCE_TASKS),
    columns=COLUMNS,
    baseline="BiLSTM",
    published=(FLIPPED,),
    smoke=SMOKE,
    real=Table(
        name="deceptive_attention-pruthi",
        title="Attention taught to look elsewhere, SST-2 and sets of Pruthi et al. 2020",
        systems=systems(
            networks(128, 128, REAL_FIRST, WordPiece(size=8000), text_pretraining.READER),
            REAL,
            REAL_TASKS,
            "SST-2",
        ),
        columns=REAL_COLUMNS,
        baseline="BiLSTM",
        published=PUBLISHED,
        smoke=SMOKE,
    ),
)

MOVED = "BiLSTM, penalty 1"


def score(system: str, task: str, metric: str = "accuracy", name: str | None = None) -> Score:
    """A score of a system on a task of the world."""
    return Score("deceptive_attention", f"{system}: {task}", metric, name or task)


def parts(task: str) -> tuple[Part, Part, Part]:
    """That attention leaves the marked words, predictions stay right, and are not without those words."""
    control = f"{task}, {WITHOUT}"
    learned = (
        Part(f"accuracy of BiLSTM, {task}, %", score("BiLSTM", task), least=80),
        Part(
            f"its attention on marked words over that of uniform attention, {task}",
            score("BiLSTM", task, "marked mass") / score("BiLSTM", task, "uniform mass"),
            least=1,
        ),
    )
    return (
        Part(
            f"attention of {MOVED} on marked words, {task}, %",
            score(MOVED, task, "marked mass"),
            most=2,
            given=learned,
        ),
        Part(
            f"points of accuracy lost, {task}",
            score("BiLSTM", task) - score(MOVED, task),
            most=2,
            given=learned,
        ),
        Part(
            f"points of accuracy over what is learned without marked words, {task}",
            score(MOVED, task) - score("BiLSTM", control, name=control),
            least=2,
            given=learned,
        ),
    )


CLAIMS = (
    Claim(
        "C26",
        "002",
        "attention weights are changed greatly, and the predictions are the same",
        tuple(part for task in TASKS for part in parts(task)),
        note="Weights are changed by a training with a price on them, not afterwards; accuracy stands "
        "for the predictions. The network is a BiLSTM, whose states know of words beside their own.",
    ),
)
