# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
# ---

# %% [markdown]
# # Where does a decoder look?
#
# A trained run, opened again: its curves from the ledger, a translation, and the attention weights behind it.
# Nothing is retrained here. Make the notebook with `jupytext --to ipynb experiments/notebooks/attention.py`.

# %%
import os
from pathlib import Path

import numpy as np

from experiments.report import plots
from train.folder.record import read
from train.inference.translator import Translator
from train.weights.load import load

run = Path(os.environ.get("LOOKBACK_RUN", "runs/translation/lstm-additive/0"))
record = read(run)
for (metric, name), result in record.results.items():
    print(f"{metric} on {name}: {result.value:.2f}  {result.protocol['signature']}")

# %% [markdown]
# ## Learning

# %%
pictures = run / "pictures"
pictures.mkdir(exist_ok=True)
plots.learning_curves({run.parent.name: record}, pictures / "learning_curves.png")

# %% [markdown]
# ## Looking
#
# Each row of the weights is a softmax over the source: it sums to one, and its entropy says how widely the
# decoder looked. A word with one counterpart should look narrowly.

# %%
translator = Translator.of(load(run))
source = record.output("test", "source")[0]
((best, *_),) = translator([source])
weights, source_pieces, target_pieces = translator.attention(source, best.ids)
print(source, "->", best.text)
for piece, row in zip(target_pieces, weights, strict=True):
    entropy = -np.sum(row * np.log2(np.maximum(row, 1e-12)))
    print(
        f"{piece:>16}  looks at {source_pieces[row.argmax()]:<16} {row.max():.2f}  entropy {entropy:.2f} bits"
    )

# %%
plots.alignment(weights, source_pieces, target_pieces, pictures / "alignment.png")
