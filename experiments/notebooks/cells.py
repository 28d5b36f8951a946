# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
# ---

# %% [markdown]
# # What does a single cell keep track of?
#
# Karpathy, Johnson & Fei-Fei (2015) found cells that turn on inside quotes. The lecture shows them, and says
# that most are not to be interpreted. First we *build* a cell that counts, by hand; then we search a trained
# network for one, and ask how surprised we should be to find it.

# %%
from experiments.inline import shown

shown.claims("C18", "C19")

# %% [markdown]
# ## A cell that counts brackets, by hand
#
# $$f, i, o = \sigma(W[h, x] + b), \qquad \tilde c = \tanh(W_c[h, x] + b_c), \qquad
#   c' = f \odot c + i \odot \tilde c, \qquad h = o \odot \tanh(c')$$
#
# Keep everything ($b_f$ large), write at brackets alone ($i$ opens for `(` and `)`), and write $+1$ or $-1$.
# No weight of $h$ is needed. This is the `LSTM` of `models/layers/recurrent.py`, with weights set by us.

# %%
import jax.numpy as jnp
import numpy as np

from data.batches.streams import Streams
from data.corpora.code_labels import INSIDE, code_labels
from data.corpora.stdlib_text import StdlibCode
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import TextCharacters
from experiments.inline.small_run import own_or_trained
from experiments.pictures import cell_text, plots
from models.language.rnn import RNNLM
from models.layers.recurrent import LSTM
from train.evaluators.language.cells import CellProbe
from train.objectives.next_token import NextToken
from train.optimizers import Adam, Constant
from train.run import Run

code = "print(sum(f(x) for x in range(max(3, n))))\n"
LOUD = 30.0  # a gate is open or shut
cell, carry = LSTM(features=1), LSTM(features=1).start(1)
rows = []
for letter in code:
    bracket = {"(": 1.0, ")": -1.0}.get(letter, 0.0)
    gates = jnp.array([[LOUD, LOUD if bracket else -LOUD, LOUD, LOUD * bracket]])
    carry, h = cell.advance(carry, gates, jnp.zeros((1, 4)))
    rows.append([1.0, float(bracket != 0), bracket, float(carry[0][0, 0]), float(h[0, 0])])
forget, write, new, counted, out = np.array(rows).T
depth = code_labels(code)["brackets"]
assert np.allclose(counted, depth)
with plots.drawn(None, 1, (9, 3.0)) as (figure, (axes,)):
    axes.step(range(len(code)), counted, where="post", label="c", color=plots.COLOURS[0])
    axes.step(range(len(code)), out, where="post", label="h = tanh(c)", color=plots.COLOURS[1])
    axes.vlines(np.flatnonzero(write), 0, 0.35, color=plots.COLOURS[2], label="i is open", linewidth=3)
    axes.set_xticks(range(len(code) - 1), code[:-1], family="monospace")
    axes.set_ylabel("brackets open")
    axes.legend(loc="upper left")
figure

# %% [markdown]
# Two things to see. $c$ has no bound and can count; $h = \tanh(c)$ is squashed, so that 2 and 3 look nearly
# alike from outside: an RNN, whose memory *is* $h$, has only that. And the cell is perfectly interpretable
# because we made it so. Is that what training finds?
#
# ## A network that was trained
#
# Either a run of yours, of the table `cells`: `LOOKBACK_RUN="runs/cells/LSTM 2x128/0"`, or a tiny network,
# trained here for a few seconds on the source code that Python carries.

# %%
tiny = Run(
    model=RNNLM(embed_dim=32, features=64),
    task=LanguageModelling(StdlibCode(size=300_000), TextCharacters()),
    objective=NextToken(carried=True),
    optimizer=Adam(schedule=Constant(peak=1e-2), beta2=0.99, clip=1.0),
    batches=Streams(rows=16, length=32),
    steps=400,
)
model = own_or_trained(tiny)
print(model)

# %% [markdown]
# ## How well does a cell tell a property?
#
# Python's own `tokenize` says at each character whether it is inside quotes, a comment, an `if` and so on. A
# cell tells the property as well as the area under its ROC curve: the probability that it is higher where the
# property is there than where it is not. 1/2 is nothing, 1 is all. `CellProbe` chooses the best cell on half
# of the test text and scores it on the other half.

# %%
results = {(one.metric, one.name): one for one in CellProbe(moves=8)(model.trained)}
areas = {name: one.value for (metric, name), one in results.items() if metric == "AUC"}
told = {name: area for name, area in areas.items() if not name.endswith(", labels moved")}
with plots.drawn(None, 1, (7, 3.2)) as (figure, (axes,)):
    places = np.arange(len(told))
    axes.barh(places, list(told.values()), color=plots.COLOURS[0], label="the best cell")
    chance = [areas[f"{name}, labels moved"] for name in told]
    axes.scatter(chance, places, color=plots.COLOURS[1], zorder=3, label="best, labels rotated")
    axes.set_yticks(places, list(told))
    axes.invert_yaxis()
    axes.set_xlim(0.5, 1)
    axes.set_xlabel("area under the ROC curve")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
figure

# %% [markdown]
# The orange points are the reason for caution. There each label is rotated along the text, so that it has
# nothing to do with the cells any more; but the *best of many* cells still tells it to some degree. A picture
# of one pretty cell proves nothing before one knows what the prettiest of so many is by chance.
#
# ## What it looks like
#
# A passage, and the best cell for the kind of place that is told best: orange where the cell says that it is
# there, blue where it says not, and underlined where it is.

# %%
passages = {one.name: one for one in cell_text.read(model.trained.directory)}
best = max((name for name in told if name in INSIDE), key=told.get)
cell_text.draw(passages[best])

# %% [markdown]
# ## And the others?
#
# A cell is not interpretable if it tells even the property that it tells best hardly better than cells tell
# rotated labels: by less than 0.1 above the 95th percentile of these. How many are there?

# %%
share = results["not interpretable", "cells"]
print(f"{share.value:.0f} % of the cells tell less than {share.protocol['area']} of any property")
found = {"this network": [share.value], **shown.values("cells", "not interpretable", "cells")}
with plots.drawn(None, 1, (6, 0.5 * len(found) + 1.2)) as (figure, (axes,)):
    axes.barh(range(len(found)), [np.mean(seeds) for seeds in found.values()], color=plots.COLOURS[0])
    axes.set_yticks(range(len(found)), list(found))
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_title("Cells that are not interpretable, %")
figure

# %%
shown.table("cells")

# %% [markdown]
# ## Exercise
#
# 1. Make the hand-built cell remember whether a *quote* is open: a quotation mark has to write $+1$ when the
#    cell is off and $-1$ when it is on. Which weight of $h$ does that need?
# 2. Train the tiny network for `steps=50` and for `steps=1500`. Which properties come first? Is the network
#    that was hardly trained as different from the orange points as you would have thought?
# 3. `lookback run cells --rows "RNN 1x256" --seeds 1`, then this notebook with
#    `LOOKBACK_RUN="runs/cells/RNN 1x256/0"`: which properties does a memory without $c$ lose?
