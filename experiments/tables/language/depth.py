"""Does it help to stack LSTMs, or blocks of a Transformer, and what does each layer know?

    lookback run depth                   9 rows x 3 seeds on the documentation Python carries, minutes a row,
    lookback run word_senses --rows ELMo     2 rows more go on from this

"Stacking: increased abstractions" (lecture 001). One, two and three layers as a language model, narrower the
more there are, so that all have as many parameters, within a hundredth. GPT-2 of one to six blocks likewise,
by one recipe; `residuals_and_norm` asks what makes four of them trainable. And what a linear tagger reads off
the layers of an ELMo that is trained no further: parts of speech, as in Peters et al. 2018, §5.3, whose other
question, the sense of a word, `word_senses` asks of the same layers.
"""

import dataclasses

from data.batches.examples import Padded
from data.corpora.tags import GeneratedTags
from data.tasks.tagging import Tagging
from data.tokenizers.whole_words import WholeWords
from data.world.world import World
from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import PairedTest, Quantity, Score
from experiments.report.table import Table
from experiments.tables.language.perplexity import SMALL
from experiments.tables.language.residuals_and_norm import trained
from experiments.tables.representations.word_senses import SMALL_ELMO, WIDTH
from models.encoders.features import Layer
from models.heads.feature_tagger import FeatureTagger
from models.language.gpt2 import GPT2
from train.evaluators.labels.tags import TagAccuracy
from train.objectives.supervised import Label
from train.optimizers import Adam, Cosine
from train.run import Run
from train.weights.initial import Pretrained

WIDTHS = {1: 176, 2: 128, 3: 107}  # {layers: features of each}
BLOCKS = {1: (168, 672), 2: (128, 486), 3: (108, 402), 4: (92, 382), 5: (84, 338), 6: (76, 322)}  # and within
LAYERS = (1, 2)
PROBE = Run(
    model=FeatureTagger(encoder=SMALL_ELMO, num_layers=0, dropout=0.0),
    task=Tagging(
        GeneratedTags(World(ambiguity=0.5, depth=1, train=500), "en", tags="pos"),
        WholeWords(lowercase=True),
        characters=True,
        width=WIDTH,
    ),
    objective=Label(),
    optimizer=Adam(schedule=Cosine(peak=1e-2, warmup=20, steps=600), beta2=0.999, epsilon=1e-8, clip=5.0),
    batches=Padded(tokens=512, shapes=3),
    steps=600,
    evaluate_every=100,
    keep=1,
    evaluators=(TagAccuracy(),),
    initial=Pretrained("word_senses", "ELMo"),
)


def row(layers: int) -> str:
    """What a language model of so many layers is called."""
    return "1 layer" if layers == 1 else f"{layers} layers"


def blocks(count: int) -> str:
    """What a Transformer of so many is called."""
    return f"GPT-2, {row(count)}"


def probe(layer: int) -> str:
    """What the reading of a layer is called."""
    return f"parts of speech, layer {layer}"


TABLE = Table(
    name="depth",
    title="LSTMs and GPT-2s of several depths, documentation of Python; layers of an ELMo, generated world",
    lecture="001",
    rows={
        row(layers): dataclasses.replace(
            SMALL, model=dataclasses.replace(SMALL.model, num_layers=layers, features=features)
        )
        for layers, features in WIDTHS.items()
    }
    | {
        blocks(count): trained(
            GPT2(context=64, features=features, num_heads=4, num_layers=count, dropout=0.1, mlp_dim=mlp_dim)
        )
        for count, (features, mlp_dim) in BLOCKS.items()
    }
    | {
        probe(layer): dataclasses.replace(PROBE, model=dataclasses.replace(PROBE.model, choice=Layer(layer)))
        for layer in LAYERS
    },
    columns={
        "perplexity": Column("perplexity", "test", better="lower"),
        "bits per byte": Column("bits per byte", "test", 3, better="lower"),
        "parts of speech": Column("accuracy", "test", 2),
        **COSTS,
    },
    baseline=row(1),
    smoke=("steps=2", "evaluate_every=1", "initial=None"),
)


def less(deeper: int, shallower: int) -> Part:
    """That a deeper LSTM has the lower perplexity."""
    of = lambda layers: Score("depth", row(layers), "perplexity")
    return Part(
        f"perplexity, {row(deeper)} less {row(shallower)}",
        of(deeper) - of(shallower),
        most=0,
        test=PairedTest("depth", row(deeper), row(shallower), "perplexity"),
    )


def tagged(layer: int) -> Quantity:
    """The accuracy of parts of speech that are read off a layer."""
    return Score("depth", probe(layer), "accuracy")


def senses(layer: int) -> Quantity:
    """The accuracy of senses that are read off it."""
    return Score("word_senses", "ELMo", "sense accuracy", f"layer {layer}")


LOW, HIGH = LAYERS
CLAIMS = (
    Claim(
        "C21",
        "001",
        "stacking: increased abstractions",
        (
            less(2, 1),
            less(3, 2),
            Part(
                "parts of speech, %, of the lower layer less the higher",
                tagged(LOW) - tagged(HIGH),
                least=0,
                test=PairedTest("depth", probe(LOW), probe(HIGH), "accuracy"),
            ),
            Part("senses, %, of the higher layer less the lower", senses(HIGH) - senses(LOW), least=0),
        ),
        "Two layers of an ELMo; equal parameters of the language models.",
    ),
)
