"""What does a model know of word order, without positions and with them?

    lookback run positions      10 rows x 3 seeds on the documentation Python carries

The shuffle test: the words of each history but the last are put in a random order, and the same targets
predicted from that. What one layer of attention without positions says does not change, to rounding: the
words before the last are a bag to it. Two layers are not blind to order even then. The causal mask shows each
word its own past alone, so that its state in the first layer tells how many words came before it, and which;
the second layer uses that. Positions are added to words (learned, sinusoids) or act inside attention, by
distances alone: a bias on the scores (ALiBi, T5's), or queries and keys that are turned (rotary).
"""

import dataclasses

from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column
from experiments.report.quantities import Score
from experiments.report.table import Table
from experiments.tables.language.perplexity import SMALL_WINDOWED
from models.attention.positions import ALiBi, Learned, RelativeBias, Rotary, Sinusoidal
from models.language.gpt2 import GPT2
from models.language.self_attention import AveragedHeads, SelfAttentionLM
from train.evaluators.language.shuffling import ShuffledHistory
from train.optimizers import Adam, Cosine
from train.run import Run

LENGTH = SMALL_WINDOWED.batches.length
WIDTH = 128

RUN = dataclasses.replace(SMALL_WINDOWED, steps=1000, evaluators=(ShuffledHistory(),))
LOOK = SelfAttentionLM(heads=AveragedHeads(4), positions=None, position_dim=None, embed_dim=WIDTH)
GPT = GPT2(context=LENGTH, features=WIDTH, num_heads=4, num_layers=2, positions=None)

# Sines of the size that words have at first: Vaswani et al. 2017 multiply these by sqrt(D) instead.
MODELS = {
    "self-attention without positions": LOOK,
    "self-attention with learned positions": dataclasses.replace(LOOK, positions=Learned(LENGTH)),
    "self-attention with sinusoids": dataclasses.replace(LOOK, positions=Sinusoidal(WIDTH**-0.5)),
    "self-attention with rotary positions": dataclasses.replace(LOOK, positions=Rotary()),
    "GPT-2 without positions": GPT,
    "GPT-2 with learned positions": dataclasses.replace(GPT, positions=Learned(scale=0.01)),
    "GPT-2 with sinusoids": dataclasses.replace(GPT, positions=Sinusoidal(0.02)),
    "GPT-2 with ALiBi": dataclasses.replace(GPT, positions=ALiBi()),
    "GPT-2 with T5's bias": dataclasses.replace(GPT, positions=RelativeBias()),
    "GPT-2 with rotary positions": dataclasses.replace(GPT, positions=Rotary()),
}


def run(model: SelfAttentionLM | GPT2) -> Run:
    """At 4e-3 the two layers of GPT-2 learn less than the one layer does."""
    peak = 2e-3 if isinstance(model, GPT2) else 4e-3
    schedule = Cosine(peak=peak, warmup=50, steps=RUN.steps)
    return dataclasses.replace(RUN, model=model, optimizer=Adam(schedule=schedule, beta2=0.999, clip=1.0))


TABLE = Table(
    name="positions",
    title="The shuffle test, documentation of Python",
    lecture="000",
    rows={row: run(model) for row, model in MODELS.items()},
    columns={
        "perplexity": Column("perplexity", "true history", better="lower"),
        "history shuffled": Column("perplexity", "history shuffled", better="lower"),
        "ratio": Column("ratio", "history shuffled", 3, better="neither"),
        **COSTS,
    },
    baseline="self-attention without positions",
    smoke=("steps=2", "evaluate_every=1", "task.corpus.size=20000"),
)


def ratio(row: str) -> Score:
    """Perplexity after shuffled histories over that after true ones."""
    return Score("positions", row, "ratio", "history shuffled")


def perplexity(row: str) -> Score:
    """Perplexity after true histories."""
    return Score("positions", row, "perplexity", "true history")


KINDS = {"self-attention": "1 layer", "GPT-2": "2 layers"}
CLAIMS = (
    Claim(
        "C7",
        "000/001",
        "without positions: a bag of words",
        tuple(
            part
            for kind, layers in KINDS.items()
            for part in (
                Part(
                    f"shuffled over true, {layers} without positions",
                    ratio(f"{kind} without positions"),
                    most=1.001,
                ),
                Part(
                    f"shuffled over true, {layers} with learned positions",
                    ratio(f"{kind} with learned positions"),
                    least=1.05,
                ),
            )
        ),
        "The causal mask tells a second layer how many words came before each: the sentence is of one layer.",
    ),
    Claim(
        "C8",
        "001",
        "sinusoids: as good a solution as learned positions",
        tuple(
            Part(
                f"perplexity, sinusoids over learned, {layers}",
                perplexity(f"{kind} with sinusoids") / perplexity(f"{kind} with learned positions"),
                most=1.02,
            )
            for kind, layers in KINDS.items()
        ),
    ),
)
