# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
# ---

# %% [markdown]
# # GPT-2: surprisal and generation
#
# One network, one number for each word: how surprising it was. Turned round, the same number writes text. How
# to draw from it is a choice, and the choice can be measured.

# %%
from experiments.inline import shown

shown.claims("C45")

# %% [markdown]
# ## The model
#
# $$h^0_t = E[x_t] + P_t, \qquad h^{l+1} = h^l + \mathrm{MLP}(\mathrm{LN}(\cdot)),\; \cdot = h^l +
#   \mathrm{Attention}(\mathrm{LN}(h^l)), \qquad p(x_{t+1} \mid x_{\le t}) = \mathrm{softmax}(E\, h^L_t)$$
#
# A run of yours, `LOOKBACK_RUN=runs/perplexity/GPT-2/0`, or a tiny GPT-2, trained here on the generated
# world.

# %%
import jax
import jax.numpy as jnp
import numpy as np

from experiments.inline.small_run import TINY_GPT2, own_or_trained
from experiments.pictures import piece_plots, plots
from models.language.ngram import NGram

model = own_or_trained(TINY_GPT2)
trained, tokenizer = model.trained, model.trained.tokenizer
WIDTH = min(trained.model.context or 32, 32)
params = jax.tree.map(jnp.asarray, trained.params)
logits = jax.jit(lambda ids: trained.model.apply({"params": params}, ids))
print(model)

# %% [markdown]
# ## It cannot see what is to come
#
# The mask lets position $t$ look at $s \le t$ alone. So all positions are trained at once, and none has seen
# its answer. Change the last words of a text: what is said before them does not move.

# %%
line = next(one for one in trained.task.text("test").splitlines() if 8 <= len(one.split()) <= 12)
ids = tokenizer.stream(line)[:WIDTH]
row = np.full((1, WIDTH), ids[-1])
row[0, : len(ids)] = ids
other = row.copy()
other[0, len(ids) // 2 :] = ids[0]
gap = np.abs(np.asarray(logits(row) - logits(other)))[0].max(axis=-1)
print(
    f"before the change at most {gap[: len(ids) // 2].max():.1e}, after it {gap[len(ids) // 2 :].max():.2f}"
)
assert gap[: len(ids) // 2].max() < 1e-3

# %% [markdown]
# ## Surprisal
#
# $-\log_2 p(x_t \mid x_{<t})$, in bits. Its mean is $\log_2$ of the perplexity. Where is a reader surprised,
# and what if the same words come in another order?


# %%
def pieces(ids):
    """The pieces that ids stand for."""
    return tokenizer.pieces(list(map(int, ids)))


def surprisal(rows):
    """Bits of each token but the first, of rows of ids."""
    logs = jax.nn.log_softmax(logits(rows)[:, :-1], axis=-1)
    found = np.take_along_axis(np.asarray(logs), np.asarray(rows)[:, 1:, None], axis=-1)
    return -found[..., 0] / np.log(2)


def padded(ids):
    """A row of ids behind the mark that a text begins after, as wide as the model was compiled for."""
    begun = [tokenizer.eos, *map(int, ids)][:WIDTH]
    return np.array([begun + [tokenizer.eos] * (WIDTH - len(begun))])


mixed = np.random.default_rng(3).permutation(ids[:-1])
bits = surprisal(padded(ids))[0][: len(ids) - 1]
shuffled = surprisal(padded(mixed))[0][: len(mixed)]
print(f"as it is: {bits.mean():.1f} bits a piece, perplexity {2 ** bits.mean():.0f}")
print(f"shuffled: {shuffled.mean():.1f} bits a piece, perplexity {2 ** shuffled.mean():.0f}")
piece_plots.token_bars(pieces(ids[:-1]), {"bits": bits}, "bits", title=line)

# %%
piece_plots.token_bars(pieces(mixed), {"bits": shuffled}, "bits", title="The same words, shuffled")

# %% [markdown]
# ## Temperature
#
# $p_\tau(w) \propto p(w)^{1/\tau}$. At $\tau \to 0$ the likeliest word alone is left, at $\tau = 1$ the model
# speaks as it believes, above that it flattens. $2^{H}$ says from how many words it really draws; top-$p$
# takes the fewest whose probabilities sum to $p$, and so a number that *changes from place to place*.

# %%
TEMPERATURES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
logs = np.asarray(jax.nn.log_softmax(logits(padded(ids))[0, : len(ids) - 1], axis=-1), float)


def heated(logs, temperature):
    """Probabilities at a temperature."""
    raised = np.exp((logs - logs.max(axis=-1, keepdims=True)) / temperature)
    return raised / raised.sum(axis=-1, keepdims=True)


def choices(p):
    """2 to the entropy: from how many words one really draws."""
    return 2 ** -np.sum(p * np.log2(np.maximum(p, 1e-30)), axis=-1)


nucleus = (np.cumsum(np.sort(np.exp(logs), axis=-1)[:, ::-1], axis=-1) < 0.9).sum(axis=-1) + 1
drawn = {f"τ = {t:g}": choices(heated(logs, t)) for t in (0.5, 1.0, 2.0)} | {"top 0.9": nucleus}
piece_plots.token_bars(pieces(ids[:-1]), drawn, "words to draw from", title="Before each word")

# %% [markdown]
# ## Writing
#
# Token by token, the longest way round: all is computed again for each word. (`lookback generate` keeps keys
# and values of the past instead, and says the same.) Twenty-four texts at each temperature, all at once:


# %%
def written(temperature, rows=24, length=24, seed=0):
    """Rows of ids that the model has drawn."""
    draw = np.random.default_rng(seed)
    found = np.full((rows, WIDTH), tokenizer.eos)
    for at in range(min(length, WIDTH - 1)):
        p = heated(np.asarray(logits(found)[:, at], float), temperature)
        p[:, [one for one in tokenizer.never if one != tokenizer.eos]] = 0
        p /= p.sum(axis=-1, keepdims=True)
        found[:, at + 1] = [draw.choice(len(one), p=one) for one in p]
    return found[:, 1 : length + 1]


texts = {temperature: written(temperature) for temperature in TEMPERATURES}
for temperature, rows in texts.items():
    print(f"τ = {temperature:<4} {tokenizer.text(list(map(int, rows[0])))!r}")

# %% [markdown]
# ## Sense or surprise: one can be had for the other
#
# Who is to say whether that is good text? A 5-gram, counted on the training text, finds its *perplexity*: low
# is what it knows. And of all three words in a row, how many are *different*? A text of one sentence said
# over and over has the best perplexity of all. (In the claim above the same 5-gram is the judge of BERT.)

# %%
stream = np.asarray(trained.task.encoded("train", tokenizer), np.int64)
judge = NGram(vocab_size=len(tokenizer), order=5, across_sentences=True)
counted = judge.fit(stream)


def measured(rows):
    """(perplexity by the 5-gram, share of different trigrams in per cent)."""
    loss = -judge.log_probabilities(counted, rows.reshape(-1).astype(np.int64)).mean()
    grams = np.lib.stride_tricks.sliding_window_view(rows, 3, axis=1).reshape(-1, 3)
    return float(np.exp(loss)), 100 * len(np.unique(grams, axis=0)) / len(grams)


held_out = np.asarray(trained.task.encoded("test", tokenizer), np.int64)
held_out = held_out[: len(held_out) // 24 * 24].reshape(-1, 24)[:24]
points = {temperature: measured(rows) for temperature, rows in texts.items()}
with plots.drawn(None, 1, (6, 3.8)) as (figure, (axes,)):
    axes.plot(*np.array(list(points.values())).T, label="drawn", **plots.look(0))
    for temperature, point in points.items():
        axes.annotate(f"τ = {temperature:g}", point, textcoords="offset points", xytext=(6, -10), fontsize=8)
    axes.scatter(*measured(held_out), s=80, marker="*", color=plots.COLOURS[1], label="true text", zorder=3)
    axes.set_xscale("log")
    axes.set_xlabel("perplexity by a 5-gram")
    axes.set_ylabel("different trigrams, %")
    axes.legend(loc="lower right")
figure

# %% [markdown]
# At which temperature does the curve come nearest to the true text? Nothing says that it has to be 1: a model
# that was trained too little is too flat, and wants to be cooled.
#
# ## In the committed runs

# %%
shown.table("written_text")

# %%
shown.table("perplexity", "5-gram", "LSTM", "GPT-2")

# %% [markdown]
# ## Exercise
#
# 1. Write `nucleus` into `written`: set to 0 all but the fewest words whose probabilities sum to 0.9. Where
#    does its point lie beside the curve?
# 2. Take the likeliest word each time. How different are its trigrams, and how soon does it say the same
#    again?
# 3. `lookback run perplexity --rows GPT-2 --seeds 1`, then
#    `lookback generate runs/perplexity/GPT-2/0 --prompt "A class is" --top-p 0.9` and this notebook with
#    `LOOKBACK_RUN=runs/perplexity/GPT-2/0`: which of its words cost most?
