# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
# ---

# %% [markdown]
# # Self-attention: heads, positions, and what it costs
#
# Every word looks at every other. What that can do, what it cannot know, and when it is cheap: none of it has
# to be trained to be seen.

# %%
from experiments.inline import shown

shown.claims("C7", "C8", "C6", "C4", "C38")

# %% [markdown]
# ## Without positions: a bag of words
#
# $$x'_t = \sum_{s \le t} a_{ts} V x_s, \qquad a_t = \mathrm{softmax}_s(x_t^\top W x_s)$$
#
# Nothing in it knows where a word stands. Change the order of the words before the last, and the last state
# is the same: an equation, not a finding. `SelfAttentionLM` is this layer, with random weights:

# %%
import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from experiments.bench import results
from experiments.bench.layer_claims import MEASURED
from experiments.commands.complexity import render
from experiments.inline.shown import Markdown
from experiments.pictures import plots
from models.attention.bias import LinearBias
from models.attention.positions import Learned, Rotary, Sinusoidal, sinusoid
from models.language.self_attention import SelfAttentionLM

words = jnp.array([[5, 9, 3, 7, 4, 8]])
shuffled = words[:, jnp.array([3, 0, 4, 1, 2, 5])]  # the last word stays the last
kinds = {"no positions": None, "learned": Learned(length=8, scale=1.0)}
kinds |= {"sinusoids": Sinusoidal(), "rotary": Rotary()}
base = SelfAttentionLM(vocab_size=16, embed_dim=32, position_dim=None)
moved = {}
for name, positions in kinds.items():
    model = dataclasses.replace(base, positions=positions)
    params = model.init(jax.random.key(0), words)
    both = (jax.nn.softmax(model.apply(params, ids)[0, -1]) for ids in (words, shuffled))
    first, second = map(np.asarray, both)
    moved[name] = np.abs(first - second).sum() / 2
    print(f"{name:13} of the probability of the next word {100 * moved[name]:7.4f} % moved")
assert moved["no positions"] < 1e-5 < moved["learned"]

# %% [markdown]
# In a *deeper* causal network it is otherwise: a word of the second layer sees how many words its own past
# had, and in what company. Some order leaks in through the mask alone. What trained networks lose when their
# history is shuffled:

# %%
true, mixed = (shown.values("positions", "perplexity", name) for name in ("true history", "history shuffled"))
lost = {row: np.mean(mixed[row]) / np.mean(true[row]) for row in true if row in mixed}
with plots.drawn(None, 1, (6.5, 0.32 * len(lost) + 1.0)) as (figure, (axes,)):
    axes.barh(range(len(lost)), list(lost.values()), color=plots.COLOURS[0])
    axes.set_yticks(range(len(lost)), list(lost))
    axes.axvline(1, color="black", linewidth=1)
    axes.invert_yaxis()
    axes.set_title("Perplexity of a shuffled history over that of the true one")
figure

# %% [markdown]
# ## Positions as waves
#
# $$p_{t,i} = \sin(t\,\omega_i),\; \cos(t\,\omega_i), \qquad \omega_i = 10000^{-2i/D}$$
#
# A clock with many hands. Why waves? Moving by $k$ places turns each pair $(\sin, \cos)$ by the angle
# $k\,\omega_i$, wherever one stands: one matrix says “three words back” for all places, and
# $p_t \cdot p_s$ depends on $t - s$ alone.

# %%
waves = np.asarray(sinusoid(jnp.arange(64), 64))
products = waves @ waves.T
for offset in (0, 1, 5, 20):
    line = np.diagonal(products, offset)
    assert np.ptp(line) < 1e-3
    print(f"p_t · p_(t+{offset:<2}) = {line.mean():5.2f} wherever t is")
with plots.drawn(None, 2, (10, 3.4), shared=False) as (figure, (left, right)):
    left.imshow(waves.T, cmap="RdBu", aspect="auto")
    left.set_title("64 positions, 64 features")
    left.set_xlabel("position")
    left.set_ylabel("sines above, cosines below")
    distances = np.arange(-40, 41)
    right.plot(distances, np.asarray(sinusoid(distances, 64)) @ np.asarray(sinusoid(jnp.array(0), 64)),
               color=plots.COLOURS[0], label="sinusoids: p · p'")  # fmt: skip
    for head, slope in enumerate(LinearBias.of(8).slopes[:3]):
        bias = -float(slope) * np.abs(distances)
        right.plot(distances, bias, color=plots.COLOURS[1 + head], label=f"ALiBi, head {head + 1}")
    right.set_xlabel("distance")
    right.set_title("What is added to a score, by distance")
    right.legend(loc="lower center", fontsize=8)
    for axes in (left,):
        axes.grid(False)
figure

# %% [markdown]
# Learned positions are a table: they can be anything, and say nothing of places beyond the table's end.
# Sinusoids go on for ever. Whether a network can *use* a place that it never met is another question.
#
# ## One head, one softmax
#
# A head can look at two words, but only as a *mixture*: it gets $\frac12 v_1 + \frac12 v_2$ and cannot tell
# which came from where. Two heads get both. Here a query wants the colour of one word and the size of
# another; values are unit vectors, and the answer is read off by the nearest.

# %%
draw = np.random.default_rng(0)
THINGS, TRIALS = 20, 2000
vectors = draw.normal(size=(THINGS, 16))
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
colour, size = draw.integers(THINGS, size=(2, TRIALS))
mixture = (vectors[colour] + vectors[size]) / 2
apart = np.concatenate([vectors[colour], vectors[size]], axis=1)  # two heads side by side
pairs = np.stack(np.meshgrid(range(THINGS), range(THINGS), indexing="ij"), axis=-1).reshape(-1, 2)
candidates = {
    "one head, or two averaged": (mixture, (vectors[pairs[:, 0]] + vectors[pairs[:, 1]]) / 2),
    "two heads concatenated": (apart, np.concatenate([vectors[pairs[:, 0]], vectors[pairs[:, 1]]], axis=1)),
}
for name, (seen, answers) in candidates.items():
    distance = (seen**2).sum(1)[:, None] - 2 * seen @ answers.T + (answers**2).sum(1)
    right = (pairs[distance.argmin(axis=1)] == np.stack([colour, size], axis=1)).all(axis=1)
    print(f"{name:25} {100 * right.mean():5.1f} % of the pairs in the right order")

# %% [markdown]
# That is the price of averaging heads as lecture 000 does, unless each has a value matrix $V_n$ of its own
# that writes into other dimensions; concatenation gives each head its own place. Does it show in perplexity?

# %%
HEADS = (1, 2, 4, 8, 16)
perplexities = shown.values("heads", "perplexity")
curves = {}
for kind in ("averaged without values", "averaged", "concatenated"):
    rows = {n: f"{n} head{'s' if n > 1 else ''} {kind}" for n in HEADS}
    curves[kind] = [(n, value) for n, row in rows.items() for value in perplexities.get(row, ())]
curves = {kind: curve for kind, curve in curves.items() if curve}
title = "Perplexity at equal parameters", "heads"
plots.distance_curves(curves, None, *title) if curves else shown.missing("heads")

# %% [markdown]
# ## What it costs
#
# For $n$ words of width $d$: self-attention $4 n^2 d$ operations and one step, a recurrent layer $4 n d^2$
# and $n$ steps that wait for one another. They cost the same at $n = d$. And $n^2$ scores have to be kept
# somewhere, unless a kernel goes through them tile by tile.

# %%
lengths = 2.0 ** np.arange(4, 15)
with plots.drawn(None, 1, (6, 3.6)) as (figure, (axes,)):
    for number, width in enumerate((64, 512)):
        marked = {"color": plots.COLOURS[number]}
        axes.plot(lengths, 4 * lengths**2 * width, label=f"self-attention, d = {width}", **marked)
        axes.plot(lengths, 4 * lengths * width**2, label=f"recurrent, d = {width}", linestyle="--", **marked)
        axes.plot([width], [4 * width**3], "o", **marked)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlabel("n")
    axes.set_title("Operations of a layer; equal at n = d")
    axes.legend(loc="best")
figure

# %%
found = list(results.read(MEASURED).values())
Markdown(render(found)) if found else Markdown("Nothing was measured yet: `lookback complexity`")

# %% [markdown]
# Fewer operations are not less time: a recurrent layer's $n$ steps wait, a step of self-attention is one
# large product. Which of the two wins in the columns of times above, where nothing ran side by side?
#
# ## Exercise
#
# 1. Two layers leak order. Put `GPT2(positions=None, ...)` of `models/language/gpt2.py` in the place of
#    `base`, with `num_layers=1` and `num_layers=2`, and shuffle again. Which is exactly 0, and why?
# 2. Which $\omega_i$ tell apart places that are next to each other, and which those that are 1,000 apart?
#    Draw `waves` with 16 features.
# 3. `lookback complexity` measures your machine. At which $n$ does self-attention overtake the recurrent
#    layer in time, and at which in operations?
