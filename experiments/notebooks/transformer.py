# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
# ---

# %% [markdown]
# # What the Transformer's heads can do
#
# First two heads built by hand, so that we know exactly why they look where they look; then what holds a deep
# stack together; then the heads of a trained network, which nobody built.

# %%
from experiments.inline import shown

shown.claims("C33", "C36", "C37", "C39")

# %% [markdown]
# ## A head that looks one word back
#
# Sinusoids turn: $p_{t-1} = R\,p_t$ with one rotation $R$ for all places. So a head whose query is $R\,p_t$
# and whose keys are $p_s$ scores highest at $s = t - 1$, however long the text is. `Rotary` positions do the
# same to words themselves.

# %%
import jax
import jax.numpy as jnp
import numpy as np

from experiments.inline.small_run import TINY_GPT2, own_or_trained
from experiments.pictures import piece_plots, plots
from models.attention.positions import sinusoid
from models.attention.scores import attend

text = "the old baker met Anna and the old".split()
SHARP = 4.0  # a large factor: softmax is nearly a maximum
length = len(text)
places = jnp.arange(length)
causal = (places[:, None] >= places)[None]
before = sinusoid(places - 1, 64)  # R p_t, the same rotation at all t
scores = SHARP * (before @ sinusoid(places, 64).T)[None]
_, previous = attend(scores, jnp.eye(length)[None], causal)
assert (np.asarray(previous[0, 1:]).argmax(axis=-1) == np.arange(length - 1)).all()

# %% [markdown]
# ## A head that goes on as before
#
# “the old baker … the old ___”. Look for an earlier place that came *after* the word that stands here now,
# and copy the word that stands there. That takes two layers (Elhage et al. 2021; Olsson et al. 2022):
#
# 1. the head above writes into each place which word stood *before* it
# 2. the second head asks: whose word before is my word? Its value is the word itself
#
# One layer cannot do it: there a key knows its own word, not the one before.

# %%
names = sorted(set(text))
one_hot = jnp.eye(len(names))[jnp.array([names.index(word) for word in text])][None]
came_before, _ = attend(scores, one_hot, causal)  # the first head: of each place the word before it
came_before = came_before.at[:, 0].set(0.0)  # nothing stood before the first
matches = 20.0 * jnp.einsum("btw,bsw->bts", one_hot, came_before)
copied, induction = attend(matches, one_hot, causal)
guess = names[int(copied[0, -1].argmax())]
print(f"{' '.join(text)} … {guess}")
assert guess == "baker"
piece_plots.maps({"one word back": previous[0], "goes on as before": induction[0]}, text, text)

# %% [markdown]
# Nothing here was learned from a text: the two heads copy *any* repetition, of words that they never met. Put
# to the test on random words, said twice:

# %%
draw = np.random.default_rng(0)
WORDS, TWICE = 200, 40
half = np.stack([draw.permutation(WORDS)[: TWICE // 2] for _ in range(50)])
rows = jnp.eye(WORDS)[jnp.array(np.concatenate([half, half], axis=1))]
where = jnp.arange(TWICE)
mask = (where[:, None] >= where)[None]
steps = SHARP * (sinusoid(where - 1, 64) @ sinusoid(where, 64).T)[None]
first, _ = attend(jnp.broadcast_to(steps, (len(rows), TWICE, TWICE)), rows, mask)
found, _ = attend(20.0 * jnp.einsum("btw,bsw->bts", rows, first.at[:, 0].set(0.0)), rows, mask)
right = np.asarray(found[:, :-1].argmax(axis=-1) == rows[:, 1:].argmax(axis=-1)).mean(axis=0)
with plots.drawn(None, 1, (6.5, 2.8)) as (figure, (axes,)):
    axes.plot(range(1, TWICE), 100 * right, color=plots.COLOURS[0])
    axes.axvline(TWICE / 2, color="#888888", linestyle=":")
    axes.set_xlabel("place in the text; the words come again behind the line")
    axes.set_title("Next word right, per cent")
figure

# %% [markdown]
# ## What holds a deep stack together
#
# $$\begin{array}{ll}
# \text{plain} & x \leftarrow F(x) \\
# \text{residual} & x \leftarrow x + F(x) \\
# \text{post-LN} & x \leftarrow \mathrm{LN}(x + F(x)) \\
# \text{pre-LN} & x \leftarrow x + F(\mathrm{LN}(x))
# \end{array}$$
#
# With residuals the derivative of a layer is $I + F'$: a sum again, as along the LSTM's cell. How large are
# states, and how large the gradient that reaches each layer, in 32 layers of random weights?

# %%
DEPTH, SIZE = 32, 64
weights = 1.2 * jax.random.normal(jax.random.key(0), (DEPTH, SIZE, SIZE)) * SIZE**-0.5
start = jax.random.normal(jax.random.key(1), (16, SIZE))
norm = lambda x: (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5)
KINDS = {
    "plain": lambda x, w: jax.nn.relu(x @ w),
    "residual": lambda x, w: x + jax.nn.relu(x @ w),
    "post-LN": lambda x, w: norm(x + jax.nn.relu(x @ w)),
    "pre-LN": lambda x, w: x + jax.nn.relu(norm(x) @ w),
}


def sizes(layer):
    """(norm of the states after each layer, norm of the gradient that reaches them)."""

    def run(changes):
        body = lambda x, at: (layer(x, at[0]) + at[1],) * 2
        last, states = jax.lax.scan(body, start, (weights, changes))
        return jnp.sum(jnp.sin(last)), states

    (_, states), gradients = jax.jit(jax.value_and_grad(run, has_aux=True))(jnp.zeros((DEPTH, 16, SIZE)))
    return [np.linalg.norm(of, axis=-1).mean(axis=-1) for of in (states, gradients)]


with plots.drawn(None, 2, (10, 3.4)) as (figure, panels):
    for number, (name, layer) in enumerate(KINDS.items()):
        for axes, of in zip(panels, sizes(layer), strict=True):
            axes.plot(range(1, DEPTH + 1), of, label=name, color=plots.COLOURS[number])
    for axes, title in zip(panels, ("Size of the states", "Gradient that reaches them"), strict=True):
        axes.set_yscale("log")
        axes.set_xlabel("layer")
        axes.set_title(title)
    panels[1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
figure

# %% [markdown]
# Residuals without norms grow without bound; norms hold the states. Which of the four would you train with a
# large learning rate? What happened to those that were trained without one or the other:

# %%
shown.table("residuals_and_norm")

# %% [markdown]
# ## Heads that nobody built
#
# A run of yours that attends (`LOOKBACK_RUN=runs/translation/transformer/0` or
# `runs/perplexity/GPT-2/0`), or a tiny GPT-2, trained here. Each map is a head.

# %%
model = own_or_trained(TINY_GPT2)
task = model.trained.task
if task.gives == "sentence pairs":
    lines = [source for source, _ in task.pairs("test")]
else:
    lines = task.text("test").splitlines()
line = next(line for line in lines if 6 <= len(line.split()) <= 10)
seen = model.attention(line)
heads = {f"layer {layer + 1}, head {head + 1}": seen.weights[layer, head]
         for layer in range(seen.weights.shape[0]) for head in range(seen.weights.shape[1])}  # fmt: skip
piece_plots.maps(heads, seen.over, seen.pieces)

# %% [markdown]
# It is tempting to give each a name. Numbers first: how much of a head's weight lies on the word itself, the
# one before, the first; and from how many it takes ($2^H$)? A head that puts all on the first word usually
# looks *nowhere*: softmax has to sum to one, and there it does the least harm.

# %%
for name, of in heads.items():
    of = np.asarray(of, float)[1:]
    entropy = -np.sum(of * np.log2(np.maximum(of, 1e-30)), axis=-1)
    at = np.arange(1, len(of) + 1)
    inside = at < of.shape[1]
    rows = np.arange(len(of))[inside]
    own, back = of[rows, at[inside]].mean(), of[rows, at[inside] - 1].mean()
    print(f"{name}: itself {own:.2f}, the one before {back:.2f}, the first {of[:, 0].mean():.2f}; "
          f"it looks at {(2**entropy).mean():.1f}")  # fmt: skip

# %% [markdown]
# ## Against recurrence

# %%
shown.table("translation", "lstm", "lstm-additive", "transformer")

# %% [markdown]
# ## Exercise
#
# 1. Take the first head away, `came_before = one_hot`. What does the second now copy, and why is that of no
#    use?
# 2. Lower `SHARP` to 1 and to 0.3. How blurred may the first head be before the second fails, and how does
#    that depend on the length?
# 3. `lookback run lookback_distance --rows GPT-2 --seeds 1`, then this notebook with
#    `LOOKBACK_RUN=runs/lookback_distance/GPT-2/0`: which head finds the cue, and which of the two layers is
#    it in?
