"""Is a restaurant rated better by all of its reviews together than by each, and by which words?

    lookback run restaurant_rating      6 rows x 3 seeds, generated world: 1 to 3 minutes each

A restaurant has eight reviews of the world, and its rating is the mean of their stars. Who rates each review
and takes the mean is told the stars of each; or only those of the restaurant, which it then says of all
its reviews: of one review that is the best guess of what the eight come to, and so drawn to the middle. Who
reads them together is told no more than these, and pools the vectors of the reviews, by their mean or by
attention, or reads all as one text.

A reader of single reviews is asked which words its rating depends on: a hit is a review whose word of most
attention, of the largest gradient times input, or that is missed most where it is left out, is one that says
something for or against the place.
"""

import dataclasses

from data.batches.examples import Padded
from data.tasks.classification import Classification
from data.tasks.marked_classification import MarkedClassification
from data.tasks.text_groups import TextGroups
from data.tokenizers.levels import Words
from data.world.restaurants import RestaurantReviews, WorldRestaurants
from data.world.tasks import WorldRating
from data.world.world import World
from experiments.report.columns import COSTS, Column, Significance
from experiments.report.table import Table
from experiments.tables.representations.bert_pretraining import adam
from models.baselines.mean_score import MeanScore
from models.encoders.words import WordLSTM
from models.heads.classifier import Classifier
from models.heads.group_classifier import GroupClassifier
from models.heads.pooling import Attentive
from train.evaluators.attention.agreement import AttentionAgreement
from train.evaluators.attention.marked_mass import MarkedMass
from train.evaluators.labels.predictions import Errors, GroupErrors
from train.evaluators.named import Named
from train.objectives.supervised import Regress
from train.run import Evaluator, Run

RESTAURANTS, REVIEWS = "restaurants", "reviews"
CORPUS = WorldRestaurants(WorldRating(World(train=4000, valid=400, test=2000)))
WORDS = Words(lowercase=True)
READER = {"encoder": WordLSTM(embed_dim=64, features=64, dropout=0.2), "pooling": Attentive(), "dropout": 0.2}
JUDGES: tuple[Evaluator, ...] = (
    GroupErrors(corpus=CORPUS, name=RESTAURANTS),
    Errors(corpus=CORPUS.reviews, name=REVIEWS),
)
# Of the reviews of its own task, which are others where restaurants have left some over.
LOOKS = tuple(Named(one, REVIEWS) for one in (MarkedMass(), AttentionAgreement(texts=500)))

# All rows read as many words in an update, and are chosen by their own targets.
SINGLE = Run(
    model=Classifier(**READER),
    task=MarkedClassification(CORPUS.reviews, WORDS, longest=48),
    objective=Regress(),
    optimizer=adam(3e-3, 1000),
    batches=Padded(tokens=1024, shapes=3),
    steps=1000,
    evaluate_every=100,
    keep=1,
    evaluators=(*JUDGES, *LOOKS),
)
TOGETHER = dataclasses.replace(
    SINGLE,
    model=GroupClassifier(**READER),
    task=TextGroups(CORPUS, WORDS),
    evaluators=(Errors(name=RESTAURANTS),),
)
ONE_TEXT = Classification(CORPUS, WORDS, longest=384)

RMSE = Column("RMSE", RESTAURANTS, 3, "lower")
OWN = "single reviews, by their own stars"
TABLE = Table(
    name="restaurant_rating",
    title="Stars of restaurants by their reviews, generated world",
    lecture="004",
    rows={
        "mean of all restaurants": dataclasses.replace(TOGETHER, model=MeanScore(), task=ONE_TEXT),
        OWN: SINGLE,
        "single reviews, by their restaurant's stars": dataclasses.replace(
            SINGLE,
            task=dataclasses.replace(SINGLE.task, corpus=RestaurantReviews(CORPUS)),
            evaluators=JUDGES,
        ),
        "reviews together, mean": TOGETHER,
        "reviews together, attention": dataclasses.replace(
            TOGETHER, model=dataclasses.replace(TOGETHER.model, over=Attentive(features=32))
        ),
        "all reviews as one text": dataclasses.replace(TOGETHER, model=SINGLE.model, task=ONE_TEXT),
    },
    columns={
        "RMSE": RMSE,
        "p": Significance(RMSE),
        "MAE": Column("MAE", RESTAURANTS, 3, "lower"),
        "RMSE, single reviews": Column("RMSE", REVIEWS, 2, "neither"),
        "attention on words of value": Column("marked mass", REVIEWS, better="neither"),
        "of uniform attention": Column("uniform mass", REVIEWS, better="neither"),
        **{
            f"hits by {name}": Column(f"hits by {name}", REVIEWS, better="neither")
            for name in ("attention", "gradient", "omission")
        },
        "time": COSTS["time"],
    },
    baseline=OWN,
    smoke=("steps=2", "evaluate_every=1"),
)
