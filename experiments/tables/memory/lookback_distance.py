"""How far back can a language model look for a name or a topic?

    lookback run lookback_distance     10 rows x 3 seeds: 2 to 10 minutes a row on a core

The long, sparse look-backs of the lecture: "In October ... celebrate ___", "Alice ... with ___". A line has
a cue, so many words of no concern, and the word that the cue decides; the score is how often the likeliest
word is the right one. All networks have as many parameters, within a tenth, and each a rate at which its kind
learns the answers: pairs of cue and answer are learned one by one. Each of the words between has one
successor: with two, what is by chance drowned what is to be learned. What attends is asked too where it looks
once it has to answer. `lookback plot runs/lookback_distance/*/*` draws accuracy against distance.
"""

import dataclasses
import math

from data.batches.streams import Streams, Windows
from data.corpora.recall import Recall
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import WhitespaceWords
from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import Quantity, Score, spearman
from experiments.report.table import Table
from models.attention.positions import Learned
from models.attention.scores import ScaledDot
from models.language.convolution import ConvolutionLM
from models.language.gpt2 import GPT2
from models.language.gpt2_variants import LocalGPT2
from models.language.language_model import LanguageModel
from models.language.ngram import NGram
from models.language.rnn import RNNLM
from models.language.self_attention import AveragedHeads, SelfAttentionLM
from models.layers.recurrent import RNN
from train.evaluators.language.perplexities import Perplexity
from train.evaluators.language.recall_accuracy import RecallAccuracy
from train.evaluators.language.recall_attention import RecallAttention
from train.metrics.distances import at_distance
from train.objectives.next_token import NextToken
from train.optimizers import Adam, Cosine
from train.parts import override
from train.run import Run

LENGTH = 128  # of a chunk and of a window: most of the longest lines, of 51 words, are whole in one
APART = 49  # positions from the cue to the word that asks, where 48 words stand between
KERNEL, WINDOW = 9, 13
# The fewest operations, one upon the other, that bring the cue to that word  -- Vaswani et al. 2017, table 1.
PATHS = {
    "RNN": APART,
    "LSTM": APART,
    "convolution": math.ceil(APART / (KERNEL - 1)),
    "restricted self-attention": math.ceil(APART / (WINDOW - 1)),
    "convolution, dilated": math.ceil(math.log(APART + 1, 3)),
    "LSTM + attention": 1,
    "GPT-2": 1,
}

STREAMED = Run(
    model=RNNLM(),
    task=LanguageModelling(Recall(successors=1), WhitespaceWords()),
    objective=NextToken(carried=True),
    optimizer=Adam(schedule=Cosine(peak=5e-3, warmup=100, steps=4000), beta2=0.999, clip=1.0),
    batches=Streams(rows=16, length=LENGTH),
    steps=4000,
    evaluate_every=200,
    keep=1,
    evaluators=(RecallAccuracy(), Perplexity()),
)
WINDOWED = dataclasses.replace(STREAMED, objective=NextToken(), batches=Windows(rows=16, length=LENGTH))


def at(peak: float, steps: int, model: LanguageModel) -> Run:
    """A network at a learning rate for so many updates."""
    run = dataclasses.replace(STREAMED if model.carries else WINDOWED, model=model)
    if model.attends:
        run = dataclasses.replace(run, evaluators=(*run.evaluators, RecallAttention()))
    return override(
        run, [f"optimizer.schedule.peak={peak}", f"optimizer.schedule.steps={steps}", f"steps={steps}"]
    )


def rows() -> dict[str, Run]:
    """{row: run}: networks of as many parameters, and a counted 5-gram."""
    attention = lambda heads, width: SelfAttentionLM(
        heads=heads, positions=Learned(LENGTH), position_dim=None, embed_dim=width
    )
    local = LocalGPT2(
        context=LENGTH, features=32, num_heads=4, num_layers=5, dropout=0.0, mlp_dim=140, window=WINDOW
    )
    gpt = GPT2(context=LENGTH, features=52, num_heads=4, num_layers=2, dropout=0.0, mlp_dim=180)
    plain = ConvolutionLM(features=32, num_layers=7, kernel=KERNEL, dilated=False)  # sees 57 words
    looking = RNNLM(embed_dim=64, features=84, score=ScaledDot(), window=LENGTH)
    return {
        "5-gram": dataclasses.replace(STREAMED, model=NGram(order=5)),
        "convolution": at(5e-3, 4000, plain),
        "convolution, dilated": at(5e-3, 4000, ConvolutionLM(features=71, num_layers=4)),  # sees 81 words
        "RNN": at(3e-3, 5000, RNNLM(cell=RNN(), embed_dim=64, features=196)),
        "LSTM": at(1e-2, 8000, RNNLM(embed_dim=64, features=94)),
        "LSTM + attention": at(1e-2, 6000, looking),
        "self-attention, 1 head": at(5e-3, 4000, attention(AveragedHeads(1, values=False), 165)),
        "self-attention, 4 heads averaged": at(1e-2, 4000, attention(AveragedHeads(4), 79)),
        "restricted self-attention": at(5e-3, 8000, local),
        "GPT-2": at(5e-3, 2000, gpt),
    }


TABLE = Table(
    name="lookback_distance",
    title="Recall of a name or topic so many words back, per cent",
    lecture="000",
    headline="48",
    rows=rows(),
    columns={str(d): Column("accuracy", at_distance(d)) for d in Recall().distances}
    | {
        "words looked at, 48": Column("words looked at", at_distance(48), better="neither"),
        "on the cue, 48": Column("cue", at_distance(48), 2, better="neither"),
        "perplexity": Column("perplexity", "test", 2, better="lower"),
        **COSTS,
    },
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
    return Score("lookback_distance", row, "accuracy", at_distance(distance))


def lost(row: str) -> Quantity:
    """What a row loses between 1 and 48 words."""
    return recalled(row, 1) - recalled(row, 48)


def learned(row: str) -> Part:
    """Without what a row can do a word back there is nothing that it could forget."""
    return Part(f"accuracy of {row}, 1 word back", recalled(row, 1), least=80)


def looked(metric: str) -> Score:
    """What is measured of GPT-2's attention at the word that asks, 48 words behind the cue."""
    return Score("lookback_distance", "GPT-2", metric, at_distance(48))


RECALLED = Part("accuracy of GPT-2, 48 words back", recalled("GPT-2", 48), least=95)
SEEN = "Lines are few, and all of test are in train: what is measured is memory over a distance."
CLAIMS = (
    Claim(
        "C1",
        "000",
        "RNNs … can forget stuff",
        (Part("accuracy of the RNN, 1 word back less 48", lost("RNN"), least=20, given=(learned("RNN"),)),),
        SEEN,
    ),
    Claim(
        "C2",
        "000",
        "looking back a long way, but sparsely",
        (
            Part("words that GPT-2 looks at, of 50", looked("words looked at"), most=4, given=(RECALLED,)),
            Part("its attention on the cue", looked("cue"), least=0.8, given=(RECALLED,)),
        ),
        "The head that looks at cues most, chosen on other lines.",
    ),
    Claim(
        "C3",
        "000",
        "self-attention: easy access to past words",
        (
            RECALLED,
            Part("accuracy of GPT-2, 1 word back less 48, either way", abs(lost("GPT-2")), most=5),
        ),
        SEEN,
    ),
    Claim(
        "C16",
        "001",
        "LSTM: captures long-range dependencies very well",
        (
            Part(
                "accuracy of the LSTM, 48 words back",
                recalled("LSTM", 48),
                least=90,
                given=(learned("LSTM"),),
            ),
            Part(
                "48 words back over 1",
                recalled("LSTM", 48) / recalled("LSTM", 1),
                least=0.95,
                given=(learned("LSTM"),),
            ),
        ),
        SEEN,
    ),
    Claim(
        "C37",
        "001",
        "you don't want long paths",
        (
            Part(
                "Spearman's correlation of accuracy 48 words back with the path's length, 7 kinds of layer",
                spearman([*PATHS.values()], [recalled(row, 48) for row in PATHS]),
                most=-0.7,
                given=tuple(map(learned, PATHS)),
            ),
        ),
        f"{SEEN} Paths: "
        + ", ".join(f"{row} {hops}" for row, hops in PATHS.items())
        + "; n of a recurrence, n/(k-1) and n/(r-1) of what sees k or r words, log_k n dilated, 1 of a look.",
    ),
)
