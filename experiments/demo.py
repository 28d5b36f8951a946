"""`make demo`: in minutes, with no network, from generated text to a BLEU table and a picture of attention.

Three small systems on the generated world: an RNN without attention, the same RNN looking back at its source,
and a Transformer.
"""

import sys
from pathlib import Path

from experiments.__main__ import main

ROWS = ("lstm", "lstm-additive", "transformer")
PICTURED = Path("runs/translation/lstm-additive/0")
SENTENCE = (
    "This tired farmer went to the church because he ate the soup."  # German ends both clauses in a verb
)

NEXT = """
The heat map above is {picture}: each German word, and where in the English sentence its decoder looked.

What to try next:
  echo "The old baker opens the door." | .venv/bin/lookback translate {run}
  .venv/bin/lookback run translation --rows lstm model.cell=GRU --seeds 1     an ablation is one word
  .venv/bin/lookback run attention_scores                                     scores and alignment errors
  .venv/bin/lookback list                                                      what else there is
"""


def demo() -> int:
    """Train three systems, print their table and draw an alignment; the exit code."""
    code = main(["run", "translation", "--rows", *ROWS, "--seeds", "1"])
    code = code or main(["plot", str(PICTURED), "--sentence", SENTENCE])
    if code == 0:
        print(NEXT.format(picture=PICTURED / "pictures" / "alignment.png", run=PICTURED))
    return code


if __name__ == "__main__":
    sys.exit(demo())
