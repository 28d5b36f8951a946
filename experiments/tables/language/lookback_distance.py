"""How far back can a language model look for a name or a topic?

    lookback run lookback_distance     8 rows x 3 seeds, minutes on 2 cores

The long, sparse look-backs of the lecture: "In October ... celebrate ___", "Alice ... with ___". A line has
a cue, so many words of no concern, and the word that the cue decides; the score is how often the likeliest
word is the right one. All networks have as many parameters, within a tenth, and the rate of 0.003, 0.01 and
0.03 that gave their kind the least validation loss; `lookback plot runs/lookback_distance/*/*` draws accuracy
against distance.
"""

import dataclasses

from data.batches.streams import Streams, Windows
from data.corpora.recall import Recall
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import WhitespaceWords
from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import Quantity, Score
from experiments.report.table import Table
from models.attention.positions import Learned
from models.attention.scores import ScaledDot
from models.language.convolution import ConvolutionLM
from models.language.gpt2 import GPT2
from models.language.gpt2_variants import LocalGPT2
from models.language.ngram import NGram
from models.language.rnn import RNNLM
from models.language.self_attention import AveragedHeads, SelfAttentionLM
from models.layers.recurrent import RNN
from train.evaluators.language.perplexities import Perplexity
from train.evaluators.language.recall_accuracy import RecallAccuracy
from train.objectives.next_token import NextToken
from train.optimizers import Adam, Cosine
from train.parts import override
from train.run import Run

LENGTH = 64  # of a chunk and of a window: the longest line has 51 words

STREAMED = Run(
    model=RNNLM(),
    task=LanguageModelling(Recall(), WhitespaceWords()),
    objective=NextToken(carried=True),
    optimizer=Adam(schedule=Cosine(peak=3e-2, warmup=100, steps=2000), beta2=0.999, clip=1.0),
    batches=Streams(rows=32, length=LENGTH),
    steps=2000,
    evaluate_every=200,
    keep=1,
    evaluators=(RecallAccuracy(), Perplexity()),
)
WINDOWED = dataclasses.replace(STREAMED, objective=NextToken(), batches=Windows(rows=32, length=LENGTH))


def slower(run: Run) -> Run:
    """With a third of the learning rate, at which it does not diverge."""
    return override(run, ["optimizer.schedule.peak=1e-2"])


def rows() -> dict[str, Run]:
    """{row: run}: networks of as many parameters, and a counted 5-gram."""
    attention = lambda heads, width: SelfAttentionLM(
        heads=heads, positions=Learned(LENGTH), position_dim=None, embed_dim=width
    )
    networks = {
        "convolution": (
            slower(STREAMED),
            ConvolutionLM(features=32, num_layers=7, kernel=9, dilated=False),  # sees 57 words
        ),
        "convolution, dilated": (slower(STREAMED), ConvolutionLM(features=71, num_layers=4)),  # 81 words
        "RNN": (slower(STREAMED), RNNLM(cell=RNN(), embed_dim=64, features=196)),
        "LSTM": (STREAMED, RNNLM(embed_dim=64, features=94)),
        "LSTM + attention": (
            STREAMED,
            RNNLM(embed_dim=64, features=84, score=ScaledDot(), window=LENGTH),
        ),
        "self-attention, 1 head": (slower(WINDOWED), attention(AveragedHeads(1, values=False), 181)),
        "self-attention, 4 heads averaged": (WINDOWED, attention(AveragedHeads(4), 83)),
        "restricted self-attention": (
            slower(WINDOWED),
            LocalGPT2(
                context=LENGTH,
                features=32,
                num_heads=4,
                num_layers=5,
                dropout=0.0,
                mlp_dim=144,
                window=13,
            ),
        ),
        "GPT-2": (
            slower(WINDOWED),
            GPT2(context=LENGTH, features=52, num_heads=4, num_layers=2, dropout=0.0),
        ),
    }
    counted = dataclasses.replace(STREAMED, model=NGram(order=5))
    return {"5-gram": counted} | {
        row: dataclasses.replace(run, model=model) for row, (run, model) in networks.items()
    }


TABLE = Table(
    name="lookback_distance",
    title="Recall of a name or topic so many words back, per cent",
    rows=rows(),
    columns={str(d): Column("accuracy", f"distance {d}") for d in Recall().distances}
    | {"perplexity": Column("perplexity", "test", 2, better="lower"), **COSTS},
    baseline="LSTM",
    smoke=(
        "steps=2",
        "evaluate_every=1",
        "task.corpus.train=280",
        "task.corpus.valid=70",
        "task.corpus.test=70",
    ),
)


def recalled(row: str, distance: int) -> Score:
    """The accuracy of a row so many words back."""
    return Score("lookback_distance", row, "accuracy", f"distance {distance}")


def lost(row: str) -> Quantity:
    """What a row loses between 1 and 48 words."""
    return recalled(row, 1) - recalled(row, 48)


LEARNED = Part("accuracy of the RNN, 1 word back", recalled("RNN", 1), least=80)
CLAIMS = (
    Claim(
        "C1",
        "000",
        "RNNs … can forget stuff",
        (Part("accuracy of the RNN, 1 word back less 48", lost("RNN"), least=20, given=(LEARNED,)),),
    ),
    Claim(
        "C3",
        "000",
        "self-attention: easy access to past words",
        (
            Part("accuracy of GPT-2, 48 words back", recalled("GPT-2", 48), least=95),
            Part("accuracy of GPT-2, 1 word back less 48, either way", abs(lost("GPT-2")), most=5),
        ),
    ),
    Claim(
        "C16",
        "001",
        "LSTM: captures long-range dependencies very well",
        (
            Part("accuracy of the LSTM, 48 words back", recalled("LSTM", 48), least=90),
            Part("48 words back over 1", recalled("LSTM", 48) / recalled("LSTM", 1), least=0.95),
        ),
    ),
)
