# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
# ---

# %% [markdown]
# # Counting: n-grams and smoothing
#
# The oldest language model counts. How far does counting go, what does it cost, and what becomes of what was
# never seen? Everything here is counted while you wait.

# %%
from experiments.inline import shown

shown.claims("C9")

# %% [markdown]
# ## A model is a table of counts
#
# $$p(w_t \mid w_1 .. w_{t-1}) \approx p(w_t \mid w_{t-n+1} .. w_{t-1}) =
#   \frac{c(w_{t-n+1} .. w_t)}{c(w_{t-n+1} .. w_{t-1})}$$
#
# The last $n - 1$ words stand for all of the past. The text is 4,000 sentences of the generated world; what
# models are tested on are 500 other ones. A word that was met once only counts as “unknown”.

# %%
import numpy as np

from data.corpora.text import GeneratedText
from data.tokenizers.levels import Words
from data.world.world import World
from experiments.pictures import plots
from models.language.ngram import NGram
from models.language.smoothing import AddK, KneserNey, MaximumLikelihood, ModifiedKneserNey

corpus = GeneratedText(World(train=4000))
text, held_out = corpus.text("train"), corpus.text("test")
tokenizer = Words(least=2).train([text])
train, test = tokenizer.stream(text), tokenizer.stream(held_out)
words = len(tokenizer)
print(f"{len(train):,} tokens of {words:,} words; tested on {len(test):,}. The first sentences:")
print(*text.splitlines()[:3], sep="\n")

# %% [markdown]
# ## What comes next?
#
# A model's whole distribution after a few histories. The longer the history, the fewer the words that were
# ever seen behind it.


# %%
def fitted(order, smoothing, ids=train):
    """An n-gram model and its parameters."""
    model = NGram(vocab_size=words, order=order, smoothing=smoothing)
    return model, model.fit(ids)


def spelled(word):
    """A word without the sign that begins it."""
    return tokenizer.pieces([int(word)])[0].lstrip("▁")


def next_words(order, history, count=5):
    """The likeliest words after a history, and how many words were seen there at all."""
    model, params = fitted(order, MaximumLikelihood())
    p = model.distribution(params, tokenizer.stream(history)[:-1])
    best = p.argsort()[::-1][:count]
    found = ", ".join(f"{spelled(i)} {p[i]:.3f}" for i in best if p[i] > 0)
    return f"{np.sum(p > 0):5} words, {order}-gram after “{history}”: {found}"


history = " ".join(text.split()[:4])
for order in (1, 2, 3, 5):
    print(next_words(order, history))

# %% [markdown]
# ## Most of language is rare
#
# Of the n-grams of new text, how many has the model never seen? And how does the table grow with the text?
# Were the left curve at 0 for large $n$, counting would be all that one needs.


# %%
def ngrams(ids, n):
    """Every n-gram of a stream as a row."""
    return np.lib.stride_tricks.sliding_window_view(ids, n)


orders = (1, 2, 3, 4, 5)
sizes = [len(train) // 16, len(train) // 4, len(train)]
with plots.drawn(None, 2, (9.5, 3.4), shared=False) as (figure, (left, right)):
    for number, size in enumerate(sizes):
        known = [set(map(tuple, ngrams(train[:size], n))) for n in orders]
        unseen = [100 * np.mean([tuple(g) not in kept for g in ngrams(test, n)])
                  for n, kept in zip(orders, known, strict=True)]  # fmt: skip
        left.plot(orders, unseen, label=f"of {size:,} tokens", **plots.look(number))
        right.plot(orders, [len(kept) for kept in known], label=f"of {size:,} tokens", **plots.look(number))
    left.set_title("Test n-grams that were never seen, %")
    right.set_title("Different n-grams to store")
    for axes in (left, right):
        axes.set_xlabel("n")
        axes.set_xticks(orders)
        axes.legend(loc="best")
figure

# %% [markdown]
# ## What is left for the unseen
#
# Every smoothing of this house has one form. After a history $h$ a seen word has a share of its own, and what
# is *left* goes to a lower distribution $q$:
#
# $$p(w \mid h) = \mathrm{own}(h\,w) + \mathrm{left}(h)\; q(w)$$
#
# - **maximum likelihood** leaves nothing: one unseen n-gram, and the perplexity of the whole test is infinite
# - **add-k** (Lidstone 1920) pretends that each word was seen $k$ times more; $q$ is uniform
# - **Kneser-Ney** (1995) takes a constant $D$ from each count, and $q$ knows the history without its first
#   word
#
# Perplexity is $\exp(-\frac1T \sum_t \log p(w_t \mid \cdot))$. Which way does it go with $n$?


# %%
def perplexity(order, smoothing, ids=train):
    """Of the test text; infinite where something has probability 0."""
    model, params = fitted(order, smoothing, ids)
    with np.errstate(over="ignore"):
        return float(np.exp(-model.log_probabilities(params, test).mean()))


smoothings = {"add 1": AddK(1.0), "add 0.01": AddK(0.01), "Kneser-Ney": KneserNey(),
              "modified Kneser-Ney": ModifiedKneserNey()}  # fmt: skip
print("maximum likelihood:", *(f"n = {n}: {perplexity(n, MaximumLikelihood()):.0f}" for n in orders))
with plots.drawn(None, 1, (6.5, 3.6)) as (figure, (axes,)):
    for number, (name, smoothing) in enumerate(smoothings.items()):
        axes.plot(orders, [perplexity(n, smoothing) for n in orders], label=name, **plots.look(number))
    axes.set_yscale("log")
    axes.set_xticks(orders)
    axes.set_xlabel("n")
    axes.set_title("Perplexity of new text")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
figure

# %% [markdown]
# Adding a count to every word is a tax that grows with the vocabulary: after a history seen 3 times, add-1
# gives $3 / (3 + V)$ to all that was seen. How much does each leave after real histories?

# %%
model, params = fitted(3, MaximumLikelihood())
histories = [train[at - 2 : at] for at in range(40, 2040, 100)]
seen = [model.distribution(params, history) > 0 for history in histories]
for name, smoothing in smoothings.items():
    model, params = fitted(3, smoothing)
    rows = [model.distribution(params, history) for history in histories]
    assert np.allclose([p.sum() for p in rows], 1)  # whatever is taken is given to somebody
    left = np.mean([p[~there].sum() for p, there in zip(rows, seen, strict=True)])
    print(f"{name:20} gives {100 * left:4.1f} % to words never seen behind the history")

# %% [markdown]
# ## A word is as likely in a new place as the places it was seen in are many
#
# Below the highest order Kneser-Ney does not count how *often* a word is, but how many different words come
# before it: $N_{1+}(\cdot\, w)$. “Francisco” is frequent, and comes after “San” alone. Which words of our
# text are the Franciscos? They lie far below the diagonal: here the six furthest, in orange.

# %%
pairs = np.unique(ngrams(train, 2), axis=0)
pairs = pairs[(pairs != tokenizer.eos).all(axis=1)]  # at the ends of a sentence there is no neighbour
frequency = np.bincount(train, minlength=words) / len(train)
continuation = np.bincount(pairs[:, 1], minlength=words) / len(pairs)
common = np.flatnonzero((frequency > 3e-4) & (continuation > 0))
bound = common[np.argsort((continuation / np.maximum(frequency, 1e-9))[common])[:6]]
with plots.drawn(None, 1, (5.5, 4.0)) as (figure, (axes,)):
    axes.scatter(frequency[common], continuation[common], s=10, alpha=0.5, color=plots.COLOURS[0])
    axes.plot(*[[3e-4, 0.1]] * 2, color="#888888", linestyle=":")
    axes.scatter(frequency[bound], continuation[bound], s=24, color=plots.COLOURS[1])
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("share of all tokens")
    axes.set_ylabel("share of all different pairs")
    axes.set_title("How often, and after how many")
figure

# %%
for word in map(int, bound):
    before = {spelled(a) for a, b in pairs if b == word}
    print(f"{spelled(word):>12} comes after {len(before)}: {', '.join(sorted(before)[:6])}")

# %% [markdown]
# ## What counting writes
#
# Drawn word by word by maximum likelihood. The longer the history, the better the grammar, and the more of it
# is learned by heart.

# %%
draw = np.random.default_rng(0)
for order in (1, 2, 3, 5):
    model, params = fitted(order, MaximumLikelihood())
    written = []
    while len(written) < 25 and (not written or written[-1] != tokenizer.eos):
        p = model.distribution(params, np.array(written, np.int64))
        written.append(int(draw.choice(words, p=p / p.sum())))
    line = tokenizer.decode([one for one in written if one != tokenizer.eos])
    print(f"{order}-gram: {line}" + ("   (stands in the training text)" if line in text else ""))

# %% [markdown]
# ## Against networks
#
# The same counting on the documentation that Python carries, beside networks trained on it. `parameters` of
# an n-gram model are its n-grams: that is what the claim above is about.

# %%
shown.table("perplexity", "1-gram", "2-gram", "3-gram", "5-gram", "fixed window", "RNN", "LSTM")

# %% [markdown]
# ## Exercise
#
# 1. Which $k$ is best for add-k at $n = 2$, and at $n = 5$? Add some to `smoothings`. Why does no $k$ reach
#    Kneser-Ney?
# 2. Give the world fewer words, `World(train=4000, vocabulary=0.3)`, and more text, `train=16000`. Which of
#    the curves move, and which of the two moves them more?
# 3. `lookback run perplexity --rows 5-gram "model.smoothing=AddK(k=0.01)" --seeds 1`, then
#    `lookback table perplexity --runs-dir runs`: how far does the smoothing alone carry the 5-gram away?
