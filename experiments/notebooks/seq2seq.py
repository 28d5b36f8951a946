# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
# ---

# %% [markdown]
# # Sequence to sequence, and the bottleneck
#
# Two recurrent networks: one reads a sentence into a vector, the other speaks from it. The lectures say that
# a whole sentence cannot be crammed into one vector. How much *does* fit, and what does attention change?

# %%
from experiments.inline import shown

shown.claims("C24", "C23", "C53")

# %% [markdown]
# ## What has to be carried
#
# $$h_t = f(W_h h_{t-1} + W_e e_{x_t}), \qquad s_0 = h_S, \qquad
#   p(y_t \mid y_{<t}, x) = \mathrm{softmax}(W s_t)$$
#
# All that the decoder ever hears of the source is $s_0 = h_S$. The generated world knows which words belong
# together, so we can look at what must wait in there. Lines that cross are words that change places.

# %%
import jax.numpy as jnp
import numpy as np

from data.world.world import World
from experiments.commands.plot import by_length
from experiments.pictures import plots
from models.attention.scores import Dot, attend

sentences = list(World(train=600).sentences("train"))


def crossing(sentence):
    """How many pairs of its links cross."""
    links = sorted(sentence.alignment("en", "de"))
    return sum(a < c and d < b for a, b in links for c, d in links)


fitting = [one for one in sentences if len(one.tokens["en"]) <= 14]
sentence = max(fitting, key=crossing)
english, german = sentence.tokens["en"], sentence.tokens["de"]
with plots.drawn(None, 1, (9, 2.6)) as (figure, (axes,)):
    for english_at, german_at in sorted(sentence.alignment("en", "de")):
        axes.plot([english_at, german_at], [1, 0], color=plots.COLOURS[0], linewidth=1.2)
    for words, height, side in ((english, 1.06, "bottom"), (german, -0.06, "top")):
        for at, word in enumerate(words):
            axes.text(at, height, word, ha="center", va=side, fontsize=9)
    axes.set_ylim(-0.3, 1.3)
    axes.set_axis_off()
figure

# %% [markdown]
# How long does a word have to wait? Word $i$ of the source is needed when word $j$ of the target is said: it
# is $S - i$ steps of reading and $j$ steps of speaking. Sutskever et al. (2014) read the source backwards;
# why that helps shows here.

# %%
waits = {"forwards": [], "backwards": []}
for one in sentences:
    length = len(one.tokens["en"])
    for i, j in one.alignment("en", "de"):
        waits["forwards"].append(length - 1 - i + j)
        waits["backwards"].append(i + j)
with plots.drawn(None, 1, (6, 3.2)) as (figure, (axes,)):
    edges = np.arange(0, 41)
    for number, (name, steps) in enumerate(waits.items()):
        told = (
            f"source read {name}: mean {np.mean(steps):.1f}, at most 5: {np.mean(np.array(steps) <= 5):.0%}"
        )
        axes.hist(steps, edges, histtype="step", label=told, color=plots.COLOURS[number], linewidth=1.8)
    axes.set_xlabel("steps between a word and its translation")
    axes.set_yticks([])
    axes.legend(loc="upper right", fontsize=9)
figure

# %% [markdown]
# The mean is about the same, as it must be: what is gained at the beginning of a sentence is lost at its end.
# But some waits become very short, and a decoder that begins well goes on well.
#
# ## How much fits into a vector?
#
# Take the simplest encoder there is, linear and random: $h_t = Q\,h_{t-1} + e_{x_t}$ with $Q$ orthogonal
# (lengths are kept) and random unit vectors $e_w$ for $V$ words. After $S$ words
#
# $$h_S = \sum_t Q^{S-t} e_{x_t}.$$
#
# To ask for word $t$, undo the turns and compare with all words: $\arg\max_w e_w \cdot Q^{-(S-t)} h_S$. The
# right word scores about 1; the $S - 1$ others add noise of variance $(S - 1) / D$. Nothing is forgotten, and
# yet it becomes unreadable: it is not the RNN's *memory* that fails but the vector's *room*.

# %%
VOCABULARY = 1000
LENGTHS = (1, 2, 4, 8, 16, 32, 64)
WIDTHS = (32, 128, 512)


def recalled(width, length, rows=16):
    """The share of words read off the last state, and off all states by attention."""
    draw = np.random.default_rng((width, length))
    embedding = draw.normal(size=(VOCABULARY, width)) / np.sqrt(width)
    turn, _ = np.linalg.qr(draw.normal(size=(width, width)))
    words = draw.integers(VOCABULARY, size=(rows, length))
    state, states = np.zeros((rows, width)), []
    for at in range(length):
        state = state @ turn.T + embedding[words[:, at]]
        states.append(state)
    right = 0
    for at in reversed(range(length)):
        right += np.sum((state @ embedding.T).argmax(axis=1) == words[:, at])
        state = state @ turn  # undo one turn
    return 100 * right / words.size, np.stack(states, axis=1), embedding, turn, words


with plots.drawn(None, 1, (6.5, 3.6)) as (figure, (axes,)):
    for number, width in enumerate(WIDTHS):
        shares = [recalled(width, length)[0] for length in LENGTHS]
        axes.plot(LENGTHS, shares, label=f"{width} dimensions", **plots.look(number))
        room = width / (2 * np.log(VOCABULARY))
        axes.axvline(room, color=plots.COLOURS[number], linestyle=":", linewidth=1)
    axes.set_xscale("log", base=2)
    axes.set_xticks(LENGTHS, list(map(str, LENGTHS)))
    axes.set_ylim(0, 103)
    axes.set_xlabel("words in the vector")
    axes.set_title("Words read off one vector, per cent")
    axes.legend(loc="lower left")
figure

# %% [markdown]
# The dotted lines are $D / (2 \ln V)$. Where do they come from? The largest of $V$ scores of noise is about
# $\sigma \sqrt{2 \ln V}$, $\sigma^2 = S / D$, and the right word's is 1: they are equal at that $S$. The room
# of a vector grows with its width, and *not* with what is to be said. A trained network uses it better, as it
# knows which sentences are likely, but there is a line somewhere.
#
# ## Attention: keep them all
#
# $c_t = \sum_s a_{ts} h_s$, $a_t = \mathrm{softmax}_s\, \mathrm{score}(q_t, h_s)$. Now every state is kept,
# and a query asks for one. Here the query is the position, as another decoder would have to learn it; what a
# state *adds* to the one before it, turned, is the word.

# %%
width, length = 32, 64
share, states, embedding, turn, words = recalled(width, length)
before = np.concatenate([np.zeros_like(states[:, :1]), states[:, :-1]], axis=1)
values = jnp.array(states - before @ turn.T)
keys = jnp.broadcast_to(jnp.eye(length), (len(words), length, length))
scores = Dot().apply({}, 50.0 * keys, keys)
context, weights = attend(scores, values, jnp.ones(scores.shape, bool))
looked = 100 * np.mean(np.asarray(context @ embedding.T).argmax(axis=-1) == words)
print(f"{length} words, {width} dimensions: {share:.0f} % off the last state, {looked:.0f} % by attention")
assert looked > share and np.allclose(weights.sum(axis=-1), 1, atol=1e-5)

# %% [markdown]
# ## Trained translators
#
# BLEU by the length of the source, of networks that were trained:

# %%
runs = {row: of[0] for row, of in shown.records("source_length").items()}
curves = {row: by_length(run) for row, run in runs.items() if ("BLEU", "test") in run.results}
plots.length_curves(curves) if curves else shown.missing("source_length")

# %%
shown.table("source_length")

# %% [markdown]
# ## Speaking from one's own words
#
# While it is trained, a decoder hears the right words (teacher forcing); later only its own. If one word goes
# wrong with probability $\varepsilon$ and the rest is lost with it, a sentence of $T$ words is right with
# $(1 - \varepsilon)^T$: the same decoder is good at short sentences and bad at long ones even where there is
# *no* bottleneck. The lecture calls it exposure bias. What training does about it:

# %%
shown.claims("C50", "C51")

# %% [markdown]
# ## Exercise
#
# 1. In `recalled`, double the vocabulary, then double the width. Which of them moves the curve more, and does
#    $D / (2 \ln V)$ say so?
# 2. An RNN forgets: put `state = 0.9 * state @ turn.T + ...` and undo it with `/ 0.9`. Which words suffer,
#    and is the mean share better or worse?
# 3. `lookback run source_length --seeds 1`, then `lookback plot runs/source_length/*/0`: where does the curve
#    without attention begin to fall, and how many dimensions has its vector?
