# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
# ---

# %% [markdown]
# # Where does a decoder look?
#
# Attention from its equation to an alignment: scores, softmax, what scaling is for, and how well weights
# agree with the words that truly belong together.

# %%
from experiments.inline import shown

shown.claims("C25", "C29", "C30")

# %% [markdown]
# ## One query, four keys
#
# $$a_{s} = \frac{\exp \mathrm{score}(q, k_s)}{\sum_{s'} \exp \mathrm{score}(q, k_{s'})}, \qquad
#   c = \sum_s a_s v_s$$
#
# The lecture's example: scores 112, 96, 16, 8, divided by $\sqrt{64} = 8$. Its slide shows .87, .12, .01, 0.
# `attend` takes softmax and sum; do the numbers of the slide follow?

# %%
import jax
import jax.numpy as jnp
import numpy as np

from data.batches.pairs import Buckets
from data.corpora.parallel import Generated
from data.tasks.translation import Translation
from data.tokenizers.levels import Words
from data.world.world import World
from experiments.inline.small_run import own_or_trained, trained
from experiments.pictures import piece_plots, plots
from models.attention.scores import SCORES, Dot, ScaledDot, attend
from models.translation.aligner import Diagonal
from models.translation.ibm1 import IBM1
from models.translation.seq2seq import Seq2Seq
from train.evaluators.translation.alignment_error import AlignmentError
from train.inference.translator import Translator
from train.objectives.next_token import NextTargetToken
from train.optimizers import Adam, Constant
from train.run import Run

scores = jnp.array([[[112.0, 96.0, 16.0, 8.0]]])
values = jnp.eye(4)[None]
for scale in (1, 8, 80):
    context, weights = attend(scores / scale, values, jnp.ones((1, 1, 4), bool))
    print(f"scores / {scale:2}: {np.round(np.asarray(weights[0, 0]), 3)}")
    assert np.allclose(context, weights)  # values that are unit vectors show the weights

# %% [markdown]
# ## What scaling is for
#
# If the components of $q$ and $k$ have mean 0 and variance 1, then $q \cdot k = \sum_i q_i k_i$ has variance
# $D$. The softmax of numbers that lie $\sqrt D$ apart is one key and nothing else, and where softmax is at a
# corner its gradient $\mathrm{diag}(a) - a a^\top$ is 0. How many of 50 keys does a query see, before
# anything has been learned? $2^{H(a)}$ says it, $H$ the entropy in bits.


# %%
def effective(weights):
    """2 to the entropy: how many keys a row looks at."""
    weights = np.asarray(weights, float)
    return 2 ** -np.sum(weights * np.log2(np.maximum(weights, 1e-30)), axis=-1)


dimensions = (4, 16, 64, 256, 1024)
measured = {name: ([], []) for name in ("Dot", "ScaledDot")}
for width in dimensions:
    queries, keys = jnp.array(np.random.default_rng(width).normal(size=(2, 1, 50, width)), jnp.float32)
    for score in (Dot(), ScaledDot()):
        weights = np.asarray(jax.nn.softmax(score.apply({}, queries, keys), axis=-1))
        gradient = weights * (1 - weights)  # of each weight, by its own score
        kept = measured[type(score).__name__]
        kept[0].append(effective(weights).mean())
        kept[1].append(gradient.sum(axis=-1).mean())
with plots.drawn(None, 2, (9.5, 3.2)) as (figure, panels):
    for number, (name, kept) in enumerate(measured.items()):
        for axes, points in zip(panels, kept, strict=True):
            axes.plot(dimensions, points, label=name, **plots.look(number))
    titles = "Keys that a query looks at, of 50", "Gradient left in the softmax"
    for axes, title in zip(panels, titles, strict=True):
        axes.set_xscale("log", base=2)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("dimensions of the key")
        axes.set_title(title)
    panels[0].legend(loc="best")
figure

# %% [markdown]
# It is $\sqrt D$, the root of the key's *dimension*; what was said in one of the lectures, “the magnitude of
# the key vector”, is something else. What difference it makes once networks are trained:

# %%
shown.table("attention_scaling")

# %% [markdown]
# ## Four scores
#
# `Additive` $v \cdot \tanh(Wq + Uk)$, `Bilinear` $q \cdot Wk$, `Dot` $q \cdot k$, `ScaledDot` $q \cdot k /
# \sqrt D$. What each has to learn before it can look anywhere:

# %%
q, k = jax.random.normal(jax.random.key(0), (2, 1, 6, 64))
for score in SCORES:
    params = score.init(jax.random.key(1), q, k)
    weights = jax.nn.softmax(score.apply(params, q, k), axis=-1)
    size = sum(leaf.size for leaf in jax.tree.leaves(params))
    looked = effective(weights).mean()
    print(f"{type(score).__name__:10} {size:6,} parameters; at first it looks at {looked:.1f} of 6")

# %% [markdown]
# ## Who aligns how?
#
# In the generated world each sentence is said in two languages from one derivation: which words belong
# together is known. Three answers to “where does this word come from?”:
#
# - the **diagonal**: the word in the same place
# - **IBM model 1** (1993): $t(f \mid e)$ counted by expectation maximisation, no order at all
# - an **encoder-decoder with attention**: `LOOKBACK_RUN` if it is a run of translation, as in
#   `LOOKBACK_RUN=runs/translation/lstm-additive/0`; else a tiny one, trained here for seconds

# %%
world = World(train=1200, valid=8, test=60, vocabulary=0.15, depth=0, distance=0, ambiguity=0)
task = Translation(corpus=Generated(world), tokenizer=Words(least=1))
tiny = Run(
    model=Seq2Seq(embed_dim=48, features=48, dropout=0.0, input_feeding=False),
    task=task,
    objective=NextTargetToken(smoothing=0.0),
    optimizer=Adam(schedule=Constant(peak=1e-2), clip=1.0),
    batches=Buckets(tokens=640, shapes=1, multiple=2),
    steps=200,
)
model = own_or_trained(tiny)
aligners = {
    "diagonal": trained(Run(model=Diagonal(), task=model.trained.task)),
    "IBM model 1": trained(Run(model=IBM1(), task=model.trained.task)),
    "attention": model,
}
print(model)
for name, aligner in aligners.items():
    (error,) = AlignmentError(sentences=60)(aligner.trained)
    print(f"{name:12} alignment error rate {error.value:5.1f} %  ({error.protocol['corpus']})")

# %% [markdown]
# The error rate compares the heaviest source word of each target word with the true links:
# $1 - (|A \cap S| + |A \cap P|) / (|A| + |S|)$, here with $S = P$. A sentence of the test set, in white where
# the weight is 1:

# %%
direction = model.trained.task.direction
test = list(model.trained.task.corpus.world.sentences("test"))
sentence = max((one for one in test if len(one.tokens["en"]) <= 10), key=lambda one: len(one.tokens["en"]))
source, target = (sentence.text(language) for language in direction)
maps = {}
for name, aligner in aligners.items():
    (ids,) = aligner.trained.tokenizer.encode([target])
    maps[name], over, pieces = Translator.of(aligner.trained).attention(source, ids)
words = [sentence.tokens[language] for language in direction]
gold = np.zeros((len(words[1]), len(words[0])))
for i, j in sentence.alignment(*direction):
    gold[j, i] = 1
piece_plots.maps(maps, over, pieces)

# %%
plots.alignment(gold, words[0], words[1], title="What belongs together")

# %% [markdown]
# Each row of attention sums to one whether there is anything to see or not, and nobody told it what to look
# at: it looks where that helps to say the next word. That can be the word *before* the one it translates, or
# the end mark. So a low error is a finding, not a definition.
#
# ## How widely it looks
#
# A word with one counterpart should look narrowly; an article whose case depends on the verb may look at two.

# %%
looks = effective(maps["attention"])
piece_plots.token_bars(pieces, {"attention": looks}, "source words looked at")

# %% [markdown]
# ## In the committed runs

# %%
shown.table("attention_scores")

# %% [markdown]
# ## Exercise
#
# 1. Train the tiny network for `steps=60`. It translates nothing yet: what do its maps look like, and is it
#    still better than the diagonal?
# 2. Give it another score, `Seq2Seq(score=Bilinear(), ...)`, or let it hear where it looked before,
#    `input_feeding=True`. Does the alignment get better?
# 3. `lookback run translation --rows lstm-additive --seeds 1`, then this notebook with
#    `LOOKBACK_RUN=runs/translation/lstm-additive/0`; or `lookback explore runs/translation/lstm-additive/0`,
#    and hover over its words.
