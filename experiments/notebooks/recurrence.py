# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
# ---

# %% [markdown]
# # From a fixed window to the RNN to the LSTM
#
# How far back does a network see, how far back does it *learn*, and what is it about an LSTM's cell that
# helps? Nothing is trained here: all of it is in the equations, and shows on random weights.

# %%
from experiments.inline import shown

shown.claims("C1", "C11", "C12", "C13", "C14")

# %% [markdown]
# ## A window that grows, or a state that does not
#
# The fixed window (Bengio et al. 2003) puts the last $n$ words side by side: $\tanh(d + H x)$,
# $x = [e_{t-n+1}; ..; e_t]$. Each place in the window has columns of its own in $H$. An RNN has one matrix
# for all times: $h_t = \tanh(W_h h_{t-1} + W_e e_t + b)$. What does one more word of history cost?

# %%
import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np

from experiments.pictures import plots
from models.language.rnn import RNNLM
from models.language.window import FixedWindowLM
from models.layers.recurrent import GRU, LSTM, RNN, StretchedRNN

VOCABULARY, WIDTH = 50, 64
ids = jnp.zeros((1, 4), jnp.int32)


def parameters(model):
    """How many numbers a model has; none of them is made."""
    shapes = jax.eval_shape(lambda: model.init(jax.random.key(0), ids))
    return sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(shapes))


recurrent = RNNLM(cell=RNN(), vocab_size=VOCABULARY, embed_dim=WIDTH, features=WIDTH)
gated = dataclasses.replace(recurrent, cell=LSTM())
windowed = FixedWindowLM(vocab_size=VOCABULARY, embed_dim=WIDTH, features=WIDTH)
windows = (1, 2, 4, 8, 16, 32, 64)
sizes = {
    "fixed window": [parameters(dataclasses.replace(windowed, window=n)) for n in windows],
    "RNN": [parameters(recurrent)] * len(windows),
    "LSTM": [parameters(gated)] * len(windows),
}
with plots.drawn(None, 1, (6, 3.4)) as (figure, (axes,)):
    for number, (name, counts) in enumerate(sizes.items()):
        axes.plot(windows, counts, label=name, **plots.look(number))
    axes.set_xscale("log", base=2)
    axes.set_xlabel("words of history")
    axes.set_ylim(bottom=0)
    axes.set_title("Parameters")
    axes.legend(loc="best")
figure

# %% [markdown]
# ## The product of Jacobians
#
# An RNN *sees* all of the past for nothing. But it learns from what comes back through
#
# $$\frac{\partial L_T}{\partial h_{T-d}} = \frac{\partial L_T}{\partial h_T}
#   \prod_{t=T-d+1}^{T} \mathrm{diag}(1 - h_t^2)\, W_h .$$
#
# If $W_h$ is $\rho$ times an orthogonal matrix, each factor multiplies the norm by at most $\rho$: what is
# left after $d$ steps goes like $\rho^d$, times what $\tanh$ takes. A product of 64 numbers is hardly ever
# near 1. Guess first: which $\rho$ keeps the gradient?


# %%
def gradient_left(cell, path, scale=0.3, cut=False, steps=64, rows=16):
    """|dL_T / d state_(T-d)| for d = 1 .. 64 in per cent of d = 1, of random weights and random inputs.

    One backward pass gives all of them: the gradient of a change of 0 that is added to each state. `cut`
    lets none of it through W_h.
    """
    keys = jax.random.split(jax.random.key(0), 3)
    square = cell.square(keys[0], (WIDTH, cell.gates * WIDTH))
    inputs = scale * jax.random.normal(keys[1], (steps, rows, cell.gates * WIDTH))
    inputs += cell.bias(keys[0], (cell.gates * WIDTH,))
    readout = jax.random.normal(keys[2], (rows, WIDTH))

    def loss(changes):
        def step(carry, at):
            change, of_input = at
            carry = path(carry, change)
            of_state = cell.hidden(carry) @ square
            return cell.advance(carry, of_input, jax.lax.stop_gradient(of_state) if cut else of_state)

        carry, _ = jax.lax.scan(step, cell.start(rows), (changes, inputs))
        return jnp.sum(cell.hidden(carry) * readout)

    gradients = jax.jit(jax.grad(loss))(jnp.zeros((steps, rows, WIDTH)))
    norms = jnp.linalg.norm(gradients, axis=-1).mean(axis=1)[::-1]
    return [(d, 100 * float(norms[d - 1] / norms[0])) for d in distances]


distances = (1, 2, 4, 8, 16, 32, 64)
stretched = {radius: StretchedRNN(features=WIDTH, radius=radius) for radius in (0.8, 1.0, 1.2, 1.6)}
radii = {f"radius {radius}": gradient_left(cell, cell.moved) for radius, cell in stretched.items()}
ALONG = "steps between the state and the loss"
plots.distance_curves(radii, None, "Gradient left, per cent of that one step back", ALONG, powers=True)

# %%
for name, curve in radii.items():
    (near, first), (far, last) = curve[0], curve[-1]
    print(f"{name}: each step multiplies the gradient by {(last / first) ** (1 / (far - near)):.3f}")

# %% [markdown]
# A radius above 1 does not explode for ever: the states saturate, $1 - h^2$ falls, and the two effects work
# against each other. Between vanishing and exploding lies one number, and training moves it.
#
# ## The cell path
#
# The LSTM adds: $c_t = f_t \odot c_{t-1} + i_t \odot \tilde c_t$. Along $c$ the Jacobian is
#
# $$\frac{\partial c_T}{\partial c_{T-d}} =
#   \prod_t \mathrm{diag}(f_t) + (\text{through } W_h \text{ and the gates}),$$
#
# with no weight matrix in the first term. With $f = 1$ and $i = 0$ it is the identity: the “constant error
# carousel”. Hochreiter & Schmidhuber (1997) cut the other paths off; `cut` does so here. How much does a
# *new* LSTM keep? Its forget bias is $b_f = 1$ here, so that $f \approx \sigma(1) = 0.73$.

# %%
rnn, gru, lstm = (kind(features=WIDTH) for kind in (RNN, GRU, LSTM))
cells = {
    "RNN, h": gradient_left(rnn, rnn.moved),
    "GRU, h": gradient_left(gru, gru.moved),
    "LSTM, h": gradient_left(lstm, lstm.moved),
    "LSTM, c": gradient_left(lstm, lstm.remembered),
    "LSTM, c alone": gradient_left(lstm, lstm.remembered, cut=True),
}
plots.distance_curves(cells, None, "Gradient left in new networks, per cent", ALONG, powers=True)

# %% [markdown]
# A new LSTM forgets as well: along $c$ alone next to nothing is left after 64 steps. What it has is not
# memory but a *knob*: one bias decides the time scale, and training can turn it, cell by cell. $f =
# \sigma(b_f)$ keeps $\sigma(b_f)^d$; to have half of it after $d$ steps takes $b_f \approx \log(d / \ln 2)$.
# Turn it:


# %%
def with_forget_bias(bias):
    """An LSTM's cell whose forget gate begins at this bias."""

    class Keeping(LSTM):
        def bias(self, key, shape, dtype=jnp.float32):
            return jnp.zeros(shape, dtype).at[: self.features].set(bias)

    return Keeping(features=WIDTH)


biases = (0.0, 1.0, 3.0, 5.0)
keeping = {bias: with_forget_bias(bias) for bias in biases}
kept = {f"b_f = {bias:g}": gradient_left(cell, cell.remembered, cut=True) for bias, cell in keeping.items()}
plots.distance_curves(kept, None, "Gradient left along c alone, per cent", ALONG, powers=True)

# %%
print("bias  f      steps after which half is left: by the formula, and as measured along c")
for bias, curve in zip(biases, kept.values(), strict=True):
    f = 1 / (1 + math.exp(-bias))
    below = [d for d, left in curve if left < 50]
    measured = f"between {distances[distances.index(below[0]) - 1]} and {below[0]}" if below else "beyond 64"
    print(f"{bias:4.0f}  {f:.3f}  {1 + math.log(0.5) / math.log(f):5.1f}   {measured}")

# %% [markdown]
# ## The carousel itself
#
# One cell by hand: open the input gate once, close it, and keep $f = 1$. What was written stays, whatever
# comes in.

# %%
cell = LSTM(features=1)
open_once = [(20.0, 20.0, 20.0, 0.8)] + [(20.0, -20.0, 20.0, value) for value in (3.0, -3.0, 2.0, -2.0) * 8]
leaking = [(2.0, write, read, new) for _, write, read, new in open_once]
traces = {}
for name, gates in {"f = 1": open_once, "f = σ(2)": leaking}.items():
    carry, trace = cell.start(1), []
    for gate in gates:
        carry, _ = cell.advance(carry, jnp.array([gate]), jnp.zeros((1, 4)))
        trace.append(float(cell.memory(carry)[0, 0]))
    traces[name] = trace
assert np.ptp(traces["f = 1"]) < 1e-6
with plots.drawn(None, 1, (6, 3.0)) as (figure, (axes,)):
    for number, (name, trace) in enumerate(traces.items()):
        axes.plot(trace, label=name, markersize=3, **plots.look(number))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("steps since it was written")
    axes.set_title("What a cell holds")
    axes.legend(loc="best")
figure

# %% [markdown]
# ## After training
#
# Those were random weights. What is left in *trained* networks, and what they recall of a word so many words
# back, is measured by two of the tables:

# %%
ROWS = "RNN", "GRU", "LSTM", "LSTM + attention"
shown.table("vanishing_gradients", *ROWS, columns=("8", "16", "32", "64", "c, 32", "perplexity"))

# %%
recalled = shown.at_distances("lookback_distance", "accuracy")
RECALL = "Recall of a name or topic, per cent", "words between the cue and the question"
plots.distance_curves(recalled, None, *RECALL) if recalled else shown.missing("lookback_distance")

# %% [markdown]
# ## Exercise
#
# 1. Which radius comes nearest to keeping the gradient once the input is louder, `scale=1.0`? Why does a
#    louder input want a larger radius?
# 2. A GRU has no $c$. Which of its gates plays the part of $f$, and what would its bias have to be? Give it
#    one, as `with_forget_bias` does, and draw its curve.
# 3. Draw the knob without `cut`. Which of the biases explode now, and through which matrix?
# 4. `lookback run exploding_gradients --seeds 1` follows real text back through networks of these radii.
#    Between which two does its growth change sign, and between which two does it here?
