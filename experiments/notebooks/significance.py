# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
# ---

# %% [markdown]
# # Is it better, or was it luck?
#
# Two systems, two numbers. A verdict of this project needs three things: the same protocol, several seeds,
# and a test over the items that were scored. Here is why, with the committed records and with simulations
# whose truth we know.

# %%
from experiments.inline import shown

shown.claims("C28", "C17")

# %% [markdown]
# ## What a record keeps
#
# Not the texts, but what a score is made of, item by item. Perplexity is $\exp(\sum_b \ell_b / \sum_b n_b)$
# over blocks $b$ of the test text, $\ell_b$ the nats and $n_b$ the tokens. With these sums any subset can be
# scored again.

# %%
import numpy as np

from experiments.pictures import plots
from experiments.report.claims import interval, student
from train.metrics.counts import ExpMean
from train.metrics.paired import bootstrap

PAIR = "LSTM", "3-gram"  # any two rows of the table `perplexity` that have records
runs = {row: {run.seed: run for run in of} for row, of in shown.records("perplexity").items()}
seed = min(set(runs[PAIR[0]]) & set(runs[PAIR[1]]))
blocks = {row: runs[row][seed].counts("perplexity", "test") for row in PAIR}
for row, counts in blocks.items():
    print(f"{row:6} seed {seed}: perplexity {counts.score:.2f} of {len(counts.rows)} blocks of the test text")

# %% [markdown]
# ## Drawing the test set anew
#
# The test text is a sample: another one would have given another number. The bootstrap (Efron 1979) draws
# blocks from it with replacement, again and again, and looks at how the number varies. Do the two curves
# overlap? Then look at the *difference* on the right, where both systems get the same blocks.

# %%
SAMPLES = 2000
draw = np.random.default_rng(0)
count = len(blocks[PAIR[0]].rows)
times = draw.multinomial(count, np.full(count, 1 / count), SAMPLES)
drawn = {row: ExpMean.score(times @ counts.summed) for row, counts in blocks.items()}
other = draw.multinomial(count, np.full(count, 1 / count), SAMPLES)
apart = {
    "the same blocks for both": drawn[PAIR[0]] - drawn[PAIR[1]],
    "blocks of its own for each": drawn[PAIR[0]] - ExpMean.score(other @ blocks[PAIR[1]].summed),
}
with plots.drawn(None, 2, (10, 3.2), shared=False) as (figure, (left, right)):
    for axes, of in ((left, drawn), (right, apart)):
        for number, (name, numbers) in enumerate(of.items()):
            axes.hist(numbers, 50, histtype="stepfilled", alpha=0.5, label=name, color=plots.COLOURS[number])
        axes.set_yticks([])
        axes.legend(loc="best", fontsize=8)
    left.set_title("Perplexity of drawn test sets")
    right.set_title(f"{PAIR[0]} less {PAIR[1]}")
    right.axvline(0, color="black", linewidth=1)
figure

# %%
for name, differences in apart.items():
    low, high = np.percentile(differences, (2.5, 97.5))
    print(f"{name:27} difference from {low:6.2f} to {high:5.2f} in 95 of 100 test sets")
a, b = (counts.rows[:, 0] / counts.rows[:, 1] for counts in blocks.values())
print(f"correlation of the two systems over blocks: {np.corrcoef(a, b)[0, 1]:.3f}")

# %% [markdown]
# What is hard for one system is hard for the other: the variance of a difference is
# $\sigma_A^2 + \sigma_B^2 - 2\rho\,\sigma_A\sigma_B$. With $\rho$ near 1 nearly all of it goes. That is why
# the test is *paired* (Koehn 2004), and why error bars of single systems that overlap say nothing.
#
# $$p = \frac{1 + \#\{\,|d_s - \bar d| \ge |d|\,\}}{1 + S}$$

# %%
theirs, ours = (counts.summed for counts in blocks.values())
print(f"p = {bootstrap(theirs, ours, ExpMean.score):.4f}")

# %% [markdown]
# ## Is the test honest?
#
# Give it pairs of systems that are equally good by construction, 400 times. An honest test says $p < 0.05$ in
# 5 of 100 of them; the curve of all $p$ is the diagonal. Now let the blocks be cut into single items that
# depend on their neighbours, as the words of a text do, and resample items instead of blocks.


# %%
def p_values(cut, count=60, length=10, trials=400):
    """p of equal systems whose items come in blocks that share their difficulty; `cut` resamples items."""
    draw = np.random.default_rng(1)
    found = []
    for trial in range(trials):
        shared = draw.normal(size=(2, count, 1)) * 0.5  # each system has its own good and bad blocks
        losses = 3 + shared + draw.normal(size=(2, count, length)) * 0.5
        items = losses.reshape(2, -1) if cut else losses.sum(axis=-1)
        sizes = np.full(items.shape, 1 if cut else length)
        first, second = np.stack([items, sizes], axis=-1)
        found.append(bootstrap(first, second, ExpMean.score, samples=200, seed=trial))
    return np.array(found)


simulated = {"blocks are drawn": p_values(cut=False), "items are drawn": p_values(cut=True)}
with plots.drawn(None, 1, (5.5, 3.8)) as (figure, (axes,)):
    for number, (name, found) in enumerate(simulated.items()):
        label = f"{name}: p < 0.05 in {100 * np.mean(found < 0.05):.0f} %"
        axes.plot(np.sort(found), np.linspace(0, 1, len(found)), label=label, color=plots.COLOURS[number])
    axes.plot([0, 1], [0, 1], color="#888888", linestyle=":")
    axes.set_xlabel("p")
    axes.set_ylabel("share of trials with at most this p")
    axes.legend(loc="lower right", fontsize=8)
figure

# %% [markdown]
# ## The best of several
#
# Try ten equal systems, report the best, and test it against the baseline. One in twenty becomes how many?
# $1 - 0.95^k$ if they were independent. `PairedTestOfBest` multiplies $p$ by $k$ (Bonferroni).

# %%
draw = np.random.default_rng(2)
rates = {}
for tried in (1, 2, 5, 10, 20):
    best = draw.uniform(size=(20_000, tried)).min(axis=1)  # p of equal systems is uniform
    rates[tried] = (np.mean(best < 0.05), np.mean(tried * best < 0.05))
with plots.drawn(None, 1, (5.5, 3.2)) as (figure, (axes,)):
    for number, name in enumerate(("as it is", "times the number tried")):
        axes.plot(list(rates), [100 * of[number] for of in rates.values()], label=name, **plots.look(number))
    axes.set_ylim(0, 70)
    axes.set_xlabel("systems tried")
    axes.set_title("Found “significantly better” though equal, per cent")
    axes.legend(loc="best")
figure

# %% [markdown]
# ## Seeds
#
# The bootstrap knows nothing of training: another seed is another network. With $n$ seeds the mean has the
# interval $\bar x \pm t_{n-1}\, s / \sqrt n$. How wide is it, in standard deviations between seeds?

# %%
for n in (2, 3, 5, 10):
    print(f"n = {n:2}: ± {student(n) / np.sqrt(n):.2f} standard deviations")
for row, scores in shown.values("perplexity", "perplexity").items():
    print(f"{row:38} perplexity {interval(scores)}, n = {len(scores)}")

# %% [markdown]
# Two seeds say next to nothing, and three a little. So a verdict here asks that the rule holds on *every*
# seed, at least three, and that the worst $p$ of them is small; there is none otherwise.
#
# ## No number without its protocol
#
# Perplexity is a mean over *tokens*: cut the text into more of them and it falls, though the model knows no
# more. A model that gives the whole text $L$ nats has perplexity $e^{L/T}$; bits per byte, $L / (B \ln 2)$,
# have the same $B$ for everybody. Columns of a table refuse scores of unlike protocol.

# %%
run = runs[PAIR[0]][seed]
nats, tokens = blocks[PAIR[0]].summed.sum(axis=0)
cuts = {"these pieces": tokens, "twice as many": 2 * tokens, "words, 3 pieces each": tokens / 3}
for name, pieces in cuts.items():
    print(f"{name:21} {pieces:9,.0f} tokens: perplexity {np.exp(nats / pieces):12,.1f}")
for key, text in run.results["perplexity", "test"].protocol.items():
    print(f"  {key:10} {text}")

# %% [markdown]
# ## Exercise
#
# 1. Set `PAIR` to two rows that are closer, or to two of the n-grams. Does the interval for the same blocks
#    cross 0? And that for blocks of its own for each?
# 2. In `p_values`, make the systems share their good and bad blocks: draw `shared` with shape
#    `(1, count, 1)`. Is it still wrong to draw single items? Why not?
# 3. `lookback claims C28` says what it would take to decide; `lookback reproduce perplexity --rows 3-gram`
#    asks whether a number comes again on your machine.
