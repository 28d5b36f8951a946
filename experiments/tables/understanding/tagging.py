"""What does it take to tag names that were never seen before?

    lookback run tagging                         7 rows x 3 seeds on the generated world, in German
    lookback run tagging --data-dir CORPORA      the same on CoNLL-2003: half an hour a row on one core

The tag that a word has most often; an LSTM, and one in both directions; on that a conditional random field;
and on either the spelling of words, by convolutions or an LSTM, where the others know their capitals only.
Words are read in lower case with 0 for every digit, rare ones now and then as unknown. Nothing has seen any
text but the training split. A world in German has a capital on every noun, and half of its names come in
tests only.

Precision, recall and F1 are conlleval's. Published rows differ in what they have read beside the training
split: their protocols say it.
"""

import dataclasses

from data.batches.examples import Padded
from data.corpora.tags import Conll2003, GeneratedTags
from data.tasks.tagging import Tagging
from data.tokenizers.whole_words import WholeWords
from data.world.world import World
from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import InErrors, Score
from experiments.report.table import Published, Table
from models.baselines.majority_tag import MajorityTag
from models.encoders.words import WordLSTM
from models.heads.tagger import Tagger
from models.layers.spelling import Capitals, SpellingCNN, SpellingLSTM
from train.evaluators.labels.tags import EntityF1, TagAccuracy
from train.objectives.supervised import Label
from train.objectives.tag_sequence import TagSequence
from train.optimizers import Adam, Cosine
from train.run import Run


def rows(whole: Run) -> dict[str, Run]:
    """The rows that `whole`, the last of them, is made up to: each has one thing less than one below it."""
    model: Tagger = whole.model
    encoder: WordLSTM = model.encoder
    capitals = dataclasses.replace(encoder, spelling=Capitals())
    cnn: SpellingCNN = encoder.spelling
    by_lstm = SpellingLSTM(features=2 * round(cnn.features / 2), character_dim=cnn.character_dim)
    lstm = dataclasses.replace(encoder, spelling=by_lstm)
    forward = dataclasses.replace(capitals, bidirectional=False)
    single = lambda encoder: dataclasses.replace(
        whole, model=dataclasses.replace(model, encoder=encoder, crf=False), objective=Label()
    )
    return {
        "majority tag": dataclasses.replace(whole, model=MajorityTag(), keep=1, average=0),
        "LSTM": single(forward),
        "BiLSTM": single(capitals),
        "BiLSTM + characters": single(encoder),
        "BiLSTM-CRF": dataclasses.replace(whole, model=dataclasses.replace(model, encoder=capitals)),
        "BiLSTM-CRF + characters by an LSTM": dataclasses.replace(
            whole, model=dataclasses.replace(model, encoder=lstm)
        ),
        "BiLSTM-CRF + characters": whole,
    }


WORLD = Run(
    model=Tagger(
        encoder=WordLSTM(
            embed_dim=32, features=32, spelling=SpellingCNN(), unknown=0.3, rare=1.0, dropout=0.1
        ),
        crf=True,
    ),
    task=Tagging(
        GeneratedTags(World(train=6000), "de", unseen=0.5),
        WholeWords(lowercase=True, digits=True),
        characters=True,
        width=20,
    ),
    objective=TagSequence(),
    optimizer=Adam(schedule=Cosine(peak=5e-3, warmup=20, steps=1000), beta2=0.999, clip=5.0),
    batches=Padded(tokens=1024, shapes=3),
    steps=1000,
    evaluate_every=250,
    keep=1,
    evaluators=(EntityF1(), TagAccuracy()),
)

# 14,041 sentences are about 660 updates of 512 inputs: 25 epochs. Rates and sizes lie between those of Lample
# et al. 2016 and Ma & Hovy 2016; of the vocabulary, digits and case folded, 43 % is seen once.
EPOCH = 660
CONLL = Run(
    model=Tagger(
        encoder=WordLSTM(
            embed_dim=100,
            features=200,
            spelling=SpellingCNN(features=50),
            unknown=0.5,
            rare=0.43,
            dropout=0.5,
        ),
        crf=True,
    ),
    task=Tagging(Conll2003(), WholeWords(lowercase=True, digits=True), characters=True, width=20),
    objective=TagSequence(),
    optimizer=Adam(
        schedule=Cosine(peak=2e-3, warmup=200, steps=25 * EPOCH, final=0.02), beta2=0.999, clip=5.0
    ),
    batches=Padded(tokens=512, shapes=6),
    steps=25 * EPOCH,
    evaluate_every=EPOCH // 2,
    keep=5,
    average=5,
    evaluators=(EntityF1(split="valid"), TagAccuracy(split="valid")),
)

_DEVLIN = "Devlin et al. 2019, table 7; the test figure of ELMo is Peters et al. 2018, table 1"
_BERT = "CoNLL-2003, mean of 5 restarts, document context, no random field; vectors from 3.3 billion words"
_GLOVE = "CoNLL-2003, vectors of GloVe or skip-gram from billions of words; trained on train"
_PROGRESS = "as github.com/sebastianruder/NLP-progress quotes it"

NAMES = tuple(
    Published(row, {"F1, dev": dev, "F1, test": test}, protocol, source)
    for row, dev, test, protocol, source in (
        ("LSTM-CRF", "", "90.94", _GLOVE, f"Lample et al. 2016, {_PROGRESS}"),
        ("BiLSTM-CNN-CRF", "", "91.21", _GLOVE, f"Ma & Hovy 2016, {_PROGRESS}"),
        ("ELMo", "95.7", "92.2", "CoNLL-2003, biLM of a billion words below a BiLSTM-CRF", _DEVLIN),
        ("BERT-base, fine-tuned", "96.4", "92.4", _BERT, _DEVLIN),
        ("BERT-large, fine-tuned", "96.6", "92.8", _BERT, _DEVLIN),
    )
)


def columns(split: str) -> dict:
    """F1, precision, recall and the accuracy on new words of a split, and costs."""
    return {
        "F1": Column("F1", split),
        "precision": Column("precision", split),
        "recall": Column("recall", split),
        "accuracy, new words": Column("accuracy, new words", split),
        **COSTS,
    }


SMOKE = ("steps=2", "evaluate_every=1", "average=0", "batches.tokens=256", "batches.shapes=1")
SMALL_WORLD = tuple(f"task.corpus.world.{knob}" for knob in ("train=200", "valid=16", "test=16", "depth=0"))

TABLE = Table(
    name="tagging",
    title="Names of persons and cities, generated world in German",
    lecture="001",
    rows=rows(WORLD),
    columns=columns("test"),
    baseline="BiLSTM-CRF",
    smoke=(*SMOKE, *SMALL_WORLD),
    real=Table(
        name="tagging-conll2003",
        title="Named entities, CoNLL-2003, eng.testa",
        rows=rows(CONLL),
        columns=columns("valid"),
        baseline="BiLSTM-CRF",
        published=NAMES,
        smoke=SMOKE,
    ),
)


def both_directions(what: str, table: str, metric: str, split: str = "test", least: float = 0) -> Part:
    """How many standard errors a BiLSTM is above an LSTM, which first has to reach `least`."""
    gain = Score(table, "BiLSTM", metric, split) - Score(table, "LSTM", metric, split)
    learned = Part(f"{metric} of the LSTM, {what}", Score(table, "LSTM", metric, split), least=least)
    return Part(
        f"{metric} of the BiLSTM less the LSTM in standard errors, {what}",
        InErrors(gain),
        least=-1,
        given=(learned,),
    )


CLAIMS = (
    Claim(
        "C20",
        "001",
        "a bidirectional LSTM is at least as well",
        (
            both_directions("names of the world", "tagging", "F1", least=30),
            both_directions("reviews of the world", "sentences", "accuracy", least=60),
            both_directions("SST-2", "sentences-sst2", "accuracy", least=70),
        ),
        note="A direction is as wide as the LSTM, so that the BiLSTM has more parameters.",
    ),
)
