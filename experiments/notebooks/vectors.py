# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
# ---

# %% [markdown]
# # From word vectors to ELMo to BERT
#
# A vector for each word, by counting; where that fails; and what “in context” has to mean before it is worth
# its price. All of it is counted in seconds.

# %%
from experiments.inline import shown

shown.claims("C54", "C41", "C22", "C42")

# %% [markdown]
# ## A word is known by the company it keeps
#
# Count which words stand within 5 of each other, and compare with what chance would give:
#
# $$\mathrm{PPMI}(w, c) = \max\left(\log \frac{p(w, c)}{p(w)\,p(c)},\; 0\right)$$
#
# That is a row of thousands of numbers for each word. The singular value decomposition $M \approx U \Sigma
# V^\top$ keeps the directions that explain most.

# %%
from collections import defaultdict

import numpy as np

from data.batches.masking import Masking
from data.corpora.senses import WorldSenses
from data.corpora.text import GeneratedText
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import Words
from data.tokenizers.wordpiece import WordPiece
from data.world.world import World
from experiments.inline.small_run import trained
from experiments.pictures import plots, sense_plots
from models.vectors.word_vectors import PPMI, SVD
from train.evaluators.vectors.sense_separation import measures
from train.metrics.senses import principal
from train.run import Run

task = LanguageModelling(GeneratedText(World(train=4000, ambiguity=0.5, depth=1)), Words(lowercase=True))
model = trained(Run(model=SVD(of=PPMI(), features=50), task=task))
tokenizer = model.trained.tokenizer
names = [piece.lstrip("▁") for piece in tokenizer.pieces(list(range(len(tokenizer))))]
table = model.trained.model.vectors(model.trained.params, np.arange(len(tokenizer)))
unit = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9)
row = {name: number for number, name in enumerate(names)}
for word in ("baker", "dog", "monday", "soup", "old"):
    if word in row:
        near = (unit @ unit[row[word]]).argsort()[::-1][1:6]
        print(f"{word:>8} is nearest to {', '.join(names[n] for n in near)}")

# %% [markdown]
# ## A map of words
#
# The parts of speech are known in this world and were never shown to the counts. Words along the two
# directions of most variance, coloured by their most frequent tag:

# %%
tags = defaultdict(lambda: defaultdict(int))
for sentence in World(train=1500, ambiguity=0.5, depth=1).sentences("train"):
    for word, tag in zip(sentence.tokens["en"], sentence.tags("en"), strict=True):
        tags[word.lower()][tag] += 1
kinds = {word: max(of, key=of.get) for word, of in tags.items() if word in row and sum(of.values()) > 5}
points = principal(unit[[row[word] for word in kinds]])
with plots.drawn(None, 1, (7, 4.6)) as (figure, (axes,)):
    for number, kind in enumerate(("NOUN", "VERB", "ADJ", "ADV", "PROPN", "DET")):
        of_kind = np.array([tag == kind for tag in kinds.values()])
        axes.scatter(*points[of_kind].T, label=kind, s=14, alpha=0.7, linewidths=0, **plots.look(number))
    axes.set_xticks([])
    axes.set_yticks([])
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
figure

# %% [markdown]
# ## Green shirt, green recruits, green policy
#
# One vector a word is one for all that the word means. Here coaches drive or teach, letters are sent or
# spelled. In how many sentences can the sense be read off the *word's own* vector, and in how many off
# nothing but the *mean of its neighbours*? The second is the poorest contextual vector there is (Schütze
# 1998): no training, no order, not even the word. The sense whose other sentences are nearest wins; by chance
# that is one half.

# %%
senses = WorldSenses(World(ambiguity=1.0, depth=1, train=0, valid=0, test=500))
found = senses.occurrences("test")
groups = defaultdict(list)
for number, one in enumerate(found):
    groups[one.form].append(number)
meant = np.array([one.sense for one in found])


def vector(word):
    """The word's vector; zeros for one that was never counted."""
    return table[row[word.lower()]] if word.lower() in row else np.zeros(table.shape[1])


def around(one, reach):
    """The mean vector of the words at most so far away, the word itself left out."""
    places = range(max(one.place - reach, 0), min(one.place + reach + 1, len(one.words)))
    return np.mean([vector(one.words[at]) for at in places if at != one.place], axis=0)


systems = {"the word": np.array([vector(one.words[one.place]) for one in found])}
systems |= {
    f"neighbours, {reach} away": np.array([around(one, reach) for one in found]) for reach in (1, 3, 6)
}
systems["word + neighbours, 3 away"] = systems["the word"] + systems["neighbours, 3 away"]
scores = {name: measures(of, meant, list(groups.values())) for name, of in systems.items()}
for name, of in scores.items():
    print(f"{name:26}", ", ".join(f"{metric} {value:.2f}" for metric, value in of.items()))
with plots.drawn(None, 1, (7, 0.4 * len(scores) + 1.2)) as (figure, (axes,)):
    axes.barh(range(len(scores)), [of["sense accuracy"] for of in scores.values()], color=plots.COLOURS[0])
    axes.axvline(50, color="black", linewidth=1)
    axes.set_yticks(range(len(scores)), list(scores))
    axes.invert_yaxis()
    axes.set_title("Senses told apart, per cent; the line is chance")
figure

# %%
often = sorted(groups, key=lambda form: -len(groups[form]))[:3]
forms = {form: sense_plots.Form(principal(systems["neighbours, 3 away"][groups[form]]), meant[groups[form]])
         for form in often}  # fmt: skip
sense_plots.draw(forms)

# %% [markdown]
# So vectors that differ from sentence to sentence are *cheap*: any function of the neighbours has them, an
# untrained BERT too. “The cosine of the three greens is below 1” proves nothing. What counts is how much
# better than such controls a trained network tells the senses:

# %%
shown.table("word_senses")

# %% [markdown]
# ## ELMo: a mixture of layers
#
# A language model forwards and one backwards, layer upon layer; a task takes
# $\gamma \sum_l s_l h_l$, $s = \mathrm{softmax}(w)$, with $w$ and $\gamma$ its own (Peters et al. 2018).
# Which layer is best is left to the task. What the claim above says of the *last* layer:

# %%
shown.table("bert_layers")

# %% [markdown]
# ## BERT: hide a word, look both ways
#
# A network that looks both ways cannot predict the next word, for it sees it. So 15 % of the words are to be
# predicted; of these 80 % are masked, 10 % replaced, 10 % left as they are, *and predicted all the same*: at
# test time there is no [MASK], and a state that is only good under one would be of no use. `Masking` draws:

# %%
line = "the old baker opens the door because he loves the garden and the dog sleeps in the house".split()
masking, pieces = Masking(), np.arange(100, 200)
for draw in range(4):
    inputs, places = masking(np.arange(len(line)), np.ones(len(line), bool), -1, pieces, (draw,))
    shows = [word if given == at else "[MASK]" if given == -1 else "<another>"
             for at, (word, given) in enumerate(zip(line, inputs, strict=True))]  # fmt: skip
    print(" ".join(shows), "  predict:", ", ".join(line[at] for at in places))
fates = defaultdict(int)
for draw in range(4000):
    inputs, places = masking(np.arange(20), np.ones(20, bool), -1, pieces, (draw,))
    for at in places:
        fates["masked" if inputs[at] == -1 else "kept" if inputs[at] == at else "replaced"] += 1
print({fate: f"{100 * count / sum(fates.values()):.1f} %" for fate, count in fates.items()})

# %% [markdown]
# ## New words
#
# A table of words has nothing for a word that it never met. Pieces of words have: the tokenizer falls back on
# shorter ones, in the end on letters. Both were trained on the same text.

# %%
text = task.corpus.text("train")
levels = {"words": tokenizer, "pieces": WordPiece(size=1500).train([text])}
for sentence in (
    "The old baker sleeps.",
    "The baker's friends disliked motorbikes.",
    "Daaang. What?! Supa lit!",
):
    for name, level in levels.items():
        (ids,) = level.encode([sentence])
        print(f"{name:>7}: {' '.join(level.pieces([i for i in ids if i != level.eos]))}")

# %% [markdown]
# ## Exercise
#
# 1. Count within `PPMI(window=1)` and within `PPMI(window=15)`. Which gives neighbours that can *replace* the
#    word, and which words of the same *subject*? What does the map do?
# 2. Weigh neighbours by $1 / \text{distance}$ in `around`. Is there a reach at which it beats
#    “3 away” by more than the choice of sentences? (The notebook `significance` says how to ask.)
# 3. `lookback run word_senses --rows BERT "BERT, untrained" --seeds 1`, then
#    `lookback plot runs/word_senses/BERT/0`: how much of its picture would you have had from neighbours
#    alone?
