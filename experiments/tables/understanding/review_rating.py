"""What must an encoder have read before, to tell how many stars a review gives?

    lookback run elmo_pretraining && lookback run text_pretraining      first, ten minutes
    lookback run review_rating                      9 systems x 3 sizes x 3 seeds, generated world: an hour
    lookback run review_rating --data-dir CORPORA   Amazon Alexa: hours on 2 cores; first, likewise,
                                                    `elmo_pretraining`, `text_pretraining`

A learning curve: a line is a system, trained on few reviews and on more. Beside weights of chance there are
those of a language model that has read reviews without their stars, handed over as weights and trained on
(Howard & Ruder 2018), vectors of words in their sentence (ELMo), and BERT.

"Daaang. What?! Supa Lit" is 4.9 stars to people: what was never seen is nothing to a vector a word type, and
is still letters or pieces to others. A fifth of the words of value in the world's reviews are drawn out
(gooooddd); the column "slang" has all of them so. Single texts stand beside, with the stars they deserve.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from data.batches.examples import Padded
from data.corpora.reviews import AmazonAlexa
from data.tasks.classification import Classification
from data.tokenizers.levels import BPE, Words
from data.tokenizers.wordpiece import WordPiece
from data.world.tasks import WorldRating
from data.world.world import World
from experiments.report.columns import COSTS, Column
from experiments.report.table import Table
from experiments.tables.representations import elmo_pretraining, text_pretraining
from experiments.tables.representations.bert_pretraining import adam
from models.baselines.mean_score import MeanScore
from models.encoders.bert import BERT
from models.encoders.elmo import ELMo
from models.encoders.mixed_layers import MixedLayers
from models.encoders.words import BagOfWords, WordLSTM
from models.heads.classifier import Classifier
from models.heads.pooling import Attentive, First, Mean
from models.language.rnn import RNNLM
from train.config import Run
from train.evaluators.labels.opinions import Opinions
from train.evaluators.labels.predictions import Errors
from train.objectives.supervised import Regress
from train.weights.initial import Pretrained

QUESTION = "What must an encoder have read before, to tell how many stars a review gives?"


class System(NamedTuple):
    """Its model, how it reads, its rate, and what it begins with."""

    model: object
    tokenizer: object
    peak: float = 2e-3
    characters: bool = False
    initial: Pretrained | None = None


def systems(
    language_model: RNNLM, experiment: str, elmo: ELMo, elmo_from: str, bert: BERT, bert_from: Pretrained
):
    """All as wide as the language model."""
    width = {"embed_dim": language_model.embed_dim, "hidden_dim": language_model.hidden_dim, "dropout": 0.2}
    words, pieces = Words(lowercase=True), BPE(size=1000, lowercase=True)
    both = Classifier(encoder=WordLSTM(**width), pooling=Attentive(), dropout=0.2)
    forward = dataclasses.replace(both, encoder=WordLSTM(bidirectional=False, **width))
    bag = BagOfWords(embed_dim=language_model.embed_dim, dropout=0.2)
    beside = WordLSTM(**width, contextual=MixedLayers(encoder=elmo, dropout=0.2))
    first = Classifier(encoder=bert, pooling=First(), dropout=0.1)
    return {
        "mean": System(MeanScore(), words),
        "bag of words": System(dataclasses.replace(both, encoder=bag, pooling=Mean()), words),
        "BiLSTM": System(both, words),
        "BiLSTM on pieces of words": System(both, pieces),
        "BiLSTM + ELMo": System(
            dataclasses.replace(both, encoder=beside),
            words,
            2e-3,
            True,
            Pretrained(elmo_from, "ELMo", into="encoder/contextual/encoder"),
        ),
        "LSTM": System(forward, words),
        "LSTM after a language model": System(
            forward, words, initial=Pretrained(experiment, "LSTM on reviews", of="", into="encoder")
        ),
        "BERT": System(first, WordPiece(size=1500), 3e-4),
        "BERT after hidden tokens": System(first, WordPiece(size=1500), 3e-4, False, bert_from),
    }


class Size(NamedTuple):
    """A training set, and for how long; the largest one's systems are also asked about single texts."""

    corpus: object
    steps: int
    others: tuple = ()


def rows(base: Run, sizes: Mapping[str, Size], lineage: Mapping[str, System]) -> dict[str, Run]:
    return {
        f"{row}: {name}": dataclasses.replace(
            base,
            model=system.model,
            task=dataclasses.replace(
                base.task, corpus=size.corpus, tokenizer=system.tokenizer, characters=system.characters
            ),
            optimizer=adam(system.peak, size.steps),
            steps=size.steps,
            evaluate_every=size.steps // 10,
            evaluators=(Errors("test", name=name), *size.others),
            initial=system.initial,
        )
        for name, size in sizes.items()
        for row, system in lineage.items()
    }


def columns(
    sizes: Mapping[str, Size], texts: Sequence[tuple[str, str]], others: Mapping[str, Column] = {}
) -> dict:  # noqa: B006
    """The curve, the absolute error at its end, and single texts (text, stars it deserves)."""
    lower = lambda metric, split: Column(metric, split, 2, "lower")
    last = list(sizes)[-1]
    asked = {f"{text} ({stars})": Column("score", text, 1, "neither") for text, stars in texts}
    curve = {f"RMSE, {name}": lower("RMSE", name) for name in sizes}
    unknown = {"of it unknown, %": Column("unknown ids", texts[-1][0], 0, "neither")}
    return {**curve, f"MAE, {last}": lower("MAE", last), **others, **asked, **unknown, "time": COSTS["time"]}


BASE = Run(
    model=Classifier(),
    task=Classification(longest=64, width=elmo_pretraining.WIDTH),
    objective=Regress(),
    batches=Padded(tokens=1024, shapes=4),
    patience=5,
    keep=1,
)

WORLD_TEXTS = (
    ("The soup was always fresh. The waitress was friendly.", "5.0"),
    ("The soup was never fresh. The waitress was lazy.", "1.0"),
    ("The soup was always freeeshhhh. The waitress was frieeendlyyyy.", "5.0"),
)


def reviews(train: int) -> WorldRating:
    return WorldRating(World(train=train, valid=300, test=1000), slang=text_pretraining.SLANG)


WORLD_SIZES = {
    "100 reviews": Size(reviews(100), 300),
    "500 reviews": Size(reviews(500), 500),
    "4,000 reviews": Size(
        reviews(4000),
        1000,
        (
            Errors("test", WorldRating(World(test=1000), slang=1.0), "slang"),
            Opinions(tuple(text for text, _ in WORLD_TEXTS)),
        ),
    ),
}
LECTURE = (
    ("The food was delicious. Amazing!", "4.8"),
    ("Waste of money. Tasteless!", "2.4"),
    ("Daaang. What?! Supa Lit", "4.9"),
)
ALEXA_SIZES = {
    "200 reviews": Size(AmazonAlexa(size=200), 400),
    "800 reviews": Size(AmazonAlexa(size=800), 600),
    "2,481 reviews": Size(AmazonAlexa(), 1000, (Opinions(tuple(text for text, _ in LECTURE)),)),
}

SMOKE = ("steps=2", "evaluate_every=1", "initial=None")

TABLE = Table(
    name="review_rating",
    title="Stars of reviews, 1 to 5, generated world",
    question=QUESTION,
    rows=rows(
        BASE,
        WORLD_SIZES,
        systems(
            text_pretraining.LSTM,
            "text_pretraining",
            elmo_pretraining.SMALL,
            "elmo_pretraining",
            text_pretraining.TINY,
            Pretrained("text_pretraining", "BERT on reviews"),
        ),
    ),
    columns=columns(WORLD_SIZES, WORLD_TEXTS, {"RMSE, slang": Column("RMSE", "slang", 2, "lower")}),
    baseline="mean: 100 reviews",
    smoke=SMOKE,
    per_task=True,
    real=Table(
        name="review_rating-alexa",
        title="Stars of reviews, 1 to 5, Amazon Alexa",
        question=QUESTION,
        rows=rows(
            BASE,
            ALEXA_SIZES,
            systems(
                text_pretraining.LARGER_LSTM,
                "text_pretraining-imdb",
                elmo_pretraining.MEDIUM,
                "elmo_pretraining-words",
                text_pretraining.ENCODER,
                text_pretraining.READER,
            ),
        ),
        columns=columns(ALEXA_SIZES, LECTURE),
        baseline="mean: 200 reviews",
        smoke=SMOKE,
        per_task=True,
    ),
)
