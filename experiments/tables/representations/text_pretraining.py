"""What do encoders learn from text alone, before there is a task?

    lookback run text_pretraining                        4 rows on the generated world: 15 minutes on 2 cores
    lookback run text_pretraining --data-dir CORPORA     2 rows on IMDB's reviews: an hour, and two hours

What `glue`, `review_rating` and `questions` go on from: a language model, one of both directions, and BERT's
masked tokens, on sentences or on reviews without their stars. Each is scored by what it was trained for, so
that no two rows compare.

A masked language model first learns how frequent tokens are and stays there for long: it looks around only
once it has predicted about a million of them. Where updates are few, it pays to mask 40 % (Wettig et al.
2023) and to drop nothing (Geiping & Goldstein 2023).
"""

import dataclasses

from data.batches.examples import Padded
from data.batches.masked import MaskedPairs
from data.batches.masking import Masking
from data.batches.streams import Streams
from data.corpora.reviews import IMDB, ReviewText
from data.corpora.tags import GeneratedTags
from data.corpora.text import GeneratedText
from data.tasks.bidirectional import BidirectionalText
from data.tasks.language import LanguageModelling
from data.tasks.pretraining import Pretraining
from data.tokenizers.levels import Words
from data.tokenizers.wordpiece import WordPiece
from data.world.tasks import WorldRating
from data.world.world import World
from experiments.report.columns import COSTS, Column
from experiments.report.table import Table
from experiments.tables.representations import bert_pretraining, elmo_pretraining
from models.encoders import bert
from models.encoders.bert import BERT
from models.heads.bilm import BiLM
from models.heads.masked_lm import MaskedLM
from models.language.rnn import RNNLM
from train.evaluators.language.bidirectional_perplexity import BidirectionalPerplexity
from train.evaluators.language.masked_scores import PretrainingScores
from train.evaluators.language.perplexities import Perplexity
from train.objectives.bidirectional_tokens import BidirectionalTokens
from train.objectives.masked_tokens import MaskedTokens
from train.objectives.next_token import NextToken
from train.optimizers import Adam, Cosine
from train.run import Run
from train.weights.initial import Pretrained

# More text than any task has; a fifth of the reviews' words of value are drawn out.
SLANG = 0.2
SENTENCES = World(train=20_000)
REVIEWS = WorldRating(World(train=10_000, test=1000), slang=SLANG)

LSTM = RNNLM(embed_dim=64, features=64, dropout=0.1)
LARGER_LSTM = RNNLM(embed_dim=128, features=128, dropout=0.2)
TINY = dataclasses.replace(bert.TINY, context=64)
MASKING = Masking(share=0.4)


def next_word(model: RNNLM, text: ReviewText, steps: int) -> Run:
    """A language model on a text, its state carried along."""
    return Run(
        model=model,
        task=LanguageModelling(text, Words(lowercase=True)),
        objective=NextToken(carried=True),
        optimizer=Adam(schedule=Cosine(peak=4e-3, warmup=100, steps=steps), beta2=0.999, clip=1.0),
        batches=Streams(rows=20, length=35),
        steps=steps,
        evaluate_every=steps // 4,
        keep=1,
        evaluators=(Perplexity("test"),),
    )


def plain(encoder: BERT) -> MaskedLM:
    """Pretrained without dropout."""
    return MaskedLM(encoder=dataclasses.replace(encoder, dropout=0.0, attention_dropout=0.0))


def masked_tokens(text: GeneratedText | ReviewText, split: str) -> Run:
    """Sentences of the world do not follow from each other: there is no next one to tell from another.

    Rows are as long as those of the tasks, as of later positions an encoder learns nothing.
    """
    steps = 4000  # it looks around after 2,000, as BERT-mini does after 2,500
    return Run(
        model=plain(TINY),
        task=Pretraining(text, WordPiece(size=1500), length=64, next_sentence=False),
        objective=MaskedTokens(next_sentence=False),
        optimizer=bert_pretraining.adam(1e-3, steps, decay=0.01),
        batches=MaskedPairs(rows=16, masking=MASKING),
        steps=steps,
        evaluate_every=steps // 8,
        keep=1,
        evaluators=(PretrainingScores(split),),
    )


BOTH_DIRECTIONS = Run(
    model=BiLM(encoder=elmo_pretraining.SMALL),
    task=BidirectionalText((GeneratedTags(SENTENCES, "en"),), width=elmo_pretraining.WIDTH),
    objective=BidirectionalTokens(),
    optimizer=elmo_pretraining.adam(1e-2, 1000),
    batches=Padded(tokens=1024, shapes=4),
    steps=1000,
    evaluate_every=250,
    keep=1,
    evaluators=(BidirectionalPerplexity("valid"),),
)

ENCODER = dataclasses.replace(bert.MINI, context=128)
# The reviews' 7 million pieces once and a half: 5 million predicted.
MINI = dataclasses.replace(
    bert_pretraining.SMALL_MINI,
    model=plain(ENCODER),
    task=Pretraining(ReviewText(IMDB(scored=False)), WordPiece(size=8000), length=64, next_sentence=False),
    objective=MaskedTokens(next_sentence=False),
    optimizer=bert_pretraining.adam(5e-4, 14_000, decay=0.01),
    batches=MaskedPairs(rows=16, masking=MASKING),
    steps=14_000,
    evaluate_every=1000,
    evaluators=(PretrainingScores("valid"),),
)

# What begins with its weights is an ENCODER, with the dropout that tasks want.
READER = Pretrained("text_pretraining-imdb", "BERT-mini on reviews")

NEXT = Column("perplexity", "test", better="neither")
SMOKE = ("steps=2", "evaluate_every=1")

TABLE = Table(
    name="text_pretraining",
    title="Text of the generated world",
    lecture="001",
    rows={
        "LSTM on reviews": next_word(LSTM, ReviewText(REVIEWS), 1500),
        "BERT on reviews": masked_tokens(ReviewText(REVIEWS), "test"),
        "BERT on sentences": masked_tokens(GeneratedText(SENTENCES), "valid"),
        "ELMo on sentences": BOTH_DIRECTIONS,
    },
    columns={
        "perplexity": NEXT,
        "of both directions": Column("perplexity", "valid", better="neither"),
        "masked tokens predicted, reviews": Column("masked-token accuracy", "test", better="neither"),
        "masked tokens predicted, sentences": Column("masked-token accuracy", "valid", better="neither"),
        **COSTS,
    },
    baseline="LSTM on reviews",
    seeds=(0,),
    smoke=SMOKE,
    real=Table(
        name="text_pretraining-imdb",
        title="Text of IMDB's reviews",
        rows={
            "LSTM on reviews": next_word(LARGER_LSTM, ReviewText(IMDB()), 6000),
            "BERT-mini on reviews": MINI,
        },
        columns={
            "perplexity": NEXT,
            "masked tokens predicted": Column("masked-token accuracy", "valid", better="neither"),
            **COSTS,
        },
        baseline="LSTM on reviews",
        seeds=(0,),
        smoke=SMOKE,
    ),
)
