"""What must an encoder have read before, to tell how many stars a review gives?

    lookback run elmo_pretraining && lookback run text_pretraining      first, ten minutes
    lookback run review_rating                      9 systems x 3 sizes x 3 seeds, generated world: an hour
    lookback run review_rating --data-dir CORPORA   Amazon Alexa: hours on 2 cores; first, likewise,
                                                    `elmo_pretraining`, `text_pretraining`

A learning curve: a line is a system, trained on few reviews and on more. Beside random weights there are
those of a language model that has read reviews without their stars, handed over as weights and trained on
(Howard & Ruder 2018), vectors of words in their sentence (ELMo), and BERT.

"Daaang. What?! Supa Lit" is 4.9 stars to people: what was never seen is nothing to a vector a word type, and
is still letters or pieces to others. A fifth of the words of value in the world's reviews are drawn out
(gooooddd); the column "slang" has all of them so. Single texts stand beside, with the stars they deserve.
"""

import dataclasses
from collections.abc import Mapping, Sequence

from data.batches.examples import Padded
from data.corpora.reviews import AmazonAlexa
from data.items.corpus import LabelledCorpus
from data.tasks.classification import Classification
from data.tokenizers.levels import BPE, Words
from data.tokenizers.wordpiece import WordPiece
from data.world.tasks import WorldRating
from data.world.world import World
from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import PairedTest, Quantity, Score, spearman
from experiments.report.table import Table
from experiments.tables.representations import elmo_pretraining, text_pretraining
from experiments.tables.understanding.glue import by
from models.baselines.mean_score import MeanScore
from models.encoders.bert import BERT
from models.encoders.elmo import ELMo
from models.encoders.mixed_layers import MixedLayers
from models.encoders.words import BagOfWords, WordLSTM
from models.heads.classifier import Classifier
from models.heads.pooling import Attentive, First, Mean
from models.language.rnn import RNNLM
from train.evaluators.labels.predictions import Errors
from train.evaluators.labels.text_scores import TextScores
from train.objectives.supervised import Regress
from train.run import Evaluator, Run
from train.weights.initial import Pretrained


def of_size(
    base: Run, name: str, corpus: LabelledCorpus, steps: int, others: Sequence[Evaluator] = ()
) -> Run:
    """What every system does of a training set, and for how long; `others` are further evaluators."""
    return dataclasses.replace(
        base,
        task=dataclasses.replace(base.task, corpus=corpus),
        steps=steps,
        evaluate_every=steps // 10,
        evaluators=(Errors("test", name=name), *others),
    )


def systems(
    sizes: Mapping[str, Run],
    language_model: RNNLM,
    experiment: str,
    elmo: ELMo,
    elmo_from: str,
    bert: BERT,
    bert_from: Pretrained,
) -> dict[str, dict[str, Run]]:
    """{system: {size: run}}, all as wide as the language model."""
    width = {"embed_dim": language_model.embed_dim, "features": language_model.features, "dropout": 0.2}
    words, pieces = Words(lowercase=True), BPE(size=1000, lowercase=True)
    both = Classifier(encoder=WordLSTM(**width), pooling=Attentive(), dropout=0.2)
    forward = dataclasses.replace(both, encoder=WordLSTM(bidirectional=False, **width))
    bag = BagOfWords(embed_dim=language_model.embed_dim, dropout=0.2)
    beside = WordLSTM(**width, contextual=MixedLayers(encoder=elmo, dropout=0.2))
    first = Classifier(encoder=bert, pooling=First(), dropout=0.1)
    from_elmo = Pretrained(elmo_from, "ELMo", into="encoder/contextual/encoder")
    from_language_model = Pretrained(experiment, "LSTM on reviews", of="", into="encoder")
    with_elmo = dataclasses.replace(both, encoder=beside)
    return {
        "mean": by(sizes, MeanScore(), words),
        "bag of words": by(sizes, dataclasses.replace(both, encoder=bag, pooling=Mean()), words),
        "BiLSTM": by(sizes, both, words),
        "BiLSTM on pieces of words": by(sizes, both, pieces),
        "BiLSTM + ELMo": by(sizes, with_elmo, words, initial=from_elmo, characters=True),
        "LSTM": by(sizes, forward, words),
        "LSTM after a language model": by(sizes, forward, words, initial=from_language_model),
        "BERT": by(sizes, first, WordPiece(size=1500), 3e-4),
        "BERT after masked tokens": by(sizes, first, WordPiece(size=1500), 3e-4, bert_from),
    }


def columns(
    sizes: Mapping[str, Run], texts: Sequence[tuple[str, str]], others: Mapping[str, Column] = {}
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
    """So many reviews of the generated world."""
    return WorldRating(World(train=train, valid=300, test=1000), slang=text_pretraining.SLANG)


JUDGED = (
    Errors("test", WorldRating(World(test=1000), slang=1.0), "slang"),
    TextScores(tuple(text for text, _ in WORLD_TEXTS)),
)
# Of so many as it takes a network to do better than the mean.
WORLD_SIZES = {
    f"{size:,} reviews": of_size(
        BASE, f"{size:,} reviews", reviews(size), 1000, JUDGED if size == 4000 else ()
    )
    for size in (1000, 2000, 4000)
}
LECTURE = (
    ("The food was delicious. Amazing!", "4.8"),
    ("Waste of money. Tasteless!", "2.4"),
    ("Daaang. What?! Supa Lit", "4.9"),
)
ALEXA_SIZES = {
    "200 reviews": of_size(BASE, "200 reviews", AmazonAlexa(size=200), 400),
    "800 reviews": of_size(BASE, "800 reviews", AmazonAlexa(size=800), 600),
    "2,481 reviews": of_size(
        BASE, "2,481 reviews", AmazonAlexa(), 1000, (TextScores(tuple(text for text, _ in LECTURE)),)
    ),
}

SMOKE = ("steps=2", "evaluate_every=1", "initial=None")

TABLE = Table(
    name="review_rating",
    title="Stars of reviews, 1 to 5, generated world",
    lecture="004",
    headline="RMSE, 4,000 reviews",
    systems=systems(
        WORLD_SIZES,
        text_pretraining.LSTM,
        "text_pretraining",
        elmo_pretraining.SMALL,
        "elmo_pretraining",
        text_pretraining.TINY,
        Pretrained("text_pretraining", "BERT on reviews"),
    ),
    columns=columns(WORLD_SIZES, WORLD_TEXTS, {"RMSE, slang": Column("RMSE", "slang", 2, "lower")}),
    baseline="mean",
    smoke=SMOKE,
    real=Table(
        name="review_rating-alexa",
        title="Stars of reviews, 1 to 5, Amazon Alexa",
        systems=systems(
            ALEXA_SIZES,
            text_pretraining.LARGER_LSTM,
            "text_pretraining-imdb",
            elmo_pretraining.MEDIUM,
            "elmo_pretraining-words",
            text_pretraining.ENCODER,
            text_pretraining.READER,
        ),
        columns=columns(ALEXA_SIZES, LECTURE),
        baseline="mean",
        smoke=SMOKE,
    ),
)


NAMES, ALEXA = tuple(WORLD_SIZES), list(ALEXA_SIZES)[-1]
TEXT, STARS = LECTURE[-1][0], float(LECTURE[-1][1])


def error(system: str, size: str, name: str | None = None) -> Score:
    """The root mean square error of a system that was trained on so many reviews."""
    return Score("review_rating", f"{system}: {size}", "RMSE", name or size)


def gain(after: str, before: str, size: str) -> Quantity:
    """How much less the error of a system is than another's."""
    return error(before, size) - error(after, size)


def lower(after: str, before: str, size: str) -> Part:
    """That it is, by more than the choice of reviews."""
    rows = (f"{after}: {size}", f"{before}: {size}")
    return Part(
        f"RMSE of {before} less {after}, {size}",
        gain(after, before, size),
        least=0,
        test=PairedTest("review_rating", *rows, "RMSE", size),
    )


def alexa(system: str, metric: str) -> Score:
    """What a system makes of "Daaang", of all reviews of Alexa."""
    return Score("review_rating-alexa", f"{system}: {ALEXA}", metric, TEXT)


TYPES, PIECES = "BiLSTM", "BiLSTM on pieces of words"
CLAIMS = (
    Claim(
        "C44",
        "004",
        "pretraining helps low resources most",
        (
            Part(
                "rank correlation of the number of reviews and what BERT gains by masked tokens",
                spearman(
                    range(len(NAMES)), [gain("BERT after masked tokens", "BERT", size) for size in NAMES]
                ),
                most=0,
            ),
        ),
    ),
    Claim(
        "C48",
        "004",
        "a vector a word type fails on new words, pieces of words pass",
        (
            Part("unknown of 'Daaang ..' to word types, %", alexa(TYPES, "unknown ids"), least=100),
            Part("stars by word types off 4.9", abs(alexa(TYPES, "score") - STARS), least=1),
            Part("stars by pieces off 4.9", abs(alexa(PIECES, "score") - STARS), most=0.7),
            Part(
                "RMSE on slang by word types less by pieces",
                error(TYPES, NAMES[-1], "slang") - error(PIECES, NAMES[-1], "slang"),
                least=0,
                test=PairedTest(
                    "review_rating", f"{PIECES}: {NAMES[-1]}", f"{TYPES}: {NAMES[-1]}", "RMSE", "slang"
                ),
            ),
        ),
    ),
    Claim(
        "C49",
        "004",
        "a language model's weights help to rate reviews",
        tuple(lower("LSTM after a language model", "LSTM", size) for size in NAMES),
    ),
    Claim(
        "C55",
        "001",
        "both what predicts the next word and what predicts masked ones gives useful embeddings",
        (
            lower("LSTM after a language model", "LSTM", NAMES[1]),
            lower("BERT after masked tokens", "BERT", NAMES[1]),
        ),
        note="One task, one text to pretrain on, each beside its own architecture from random weights.",
    ),
)
