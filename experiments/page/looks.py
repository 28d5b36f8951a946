"""What a page shows of a model at its work: where pieces looked, how surprising they were, what a cell held.

A file of looks is small JSON: numbers from 0 to 1 are bytes in base64, one for each 1/255.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from data.corpora.parallel import Generated
from data.files import json_text
from data.tasks.translation import Translation
from experiments.pictures import cell_text
from experiments.pictures.pieces import shown
from train.evaluators.vectors.layer_shares import LayerShares
from train.inference.loaded import Loaded
from train.metrics.alignment import words_of

LOOKS = Path(__file__).parents[1] / "results" / "looks"
OF_RUN = ("experiment", "row", "seed", "commit")
PIECES = 24  # of a sentence, at most: what fits a page's width


def packed(numbers: Float[np.ndarray, "*S"]) -> str:
    """Numbers from 0 to 1 as bytes in base64."""
    return base64.b64encode(np.rint(255 * np.clip(numbers, 0, 1)).astype(np.uint8).tobytes()).decode()


def of_attention(model: Loaded, texts: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Of each text pieces, those they look at, weights [L, N, T, S], and gold links where they are known."""
    task = model.trained.task
    gold = gold_links(task) if isinstance(task, Translation) else {}
    for text in texts:
        target, links = gold.get(text, (None, None))
        seen = model.attention(text, target)
        if max(len(seen.pieces), len(seen.over)) > PIECES:
            continue
        found = {
            "pieces": shown(seen.pieces),
            "over": shown(seen.over),
            "shape": list(seen.weights.shape),
            "weights": packed(seen.weights),
        }
        yield found if links is None else found | {"gold": piece_links(model, text, target, links)}


def gold_links(task: Translation) -> dict[str, tuple[str, tuple]]:
    """{source text: (target text, (words of both, which belong together))} of the generated world's test."""
    if not isinstance(task.corpus, Generated):
        return {}
    return {
        one.text(task.source): (
            one.text(task.target),
            (one.tokens[task.source], one.tokens[task.target], one.alignment(task.source, task.target)),
        )
        for one in task.corpus.world.sentences("test")
    }


def piece_links(model: Loaded, text: str, target: str, links: tuple) -> list[list[int]]:
    """[piece of the source, piece of the target] of every pair whose words belong together."""
    source_words, target_words, pairs = links
    spans = model.trained.tokenizer.spans
    ours, theirs = (
        words_of(spans(line), line, words) for line, words in ((text, source_words), (target, target_words))
    )
    return [[s, t] for s, word in enumerate(ours) for t, other in enumerate(theirs) if (word, other) in pairs]


def of_surprisal(model: Loaded, texts: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Of each text its pieces and the bits each of them cost, which is colour up to 12."""
    for text in texts:
        pieces, bits = zip(*model.surprisal(text), strict=True)
        if len(pieces) <= PIECES:
            yield {"pieces": shown(pieces), "bits": [round(one, 2) for one in bits]}


def of_cells(model: Loaded, texts: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """The passage that a run's CellProbe kept, coloured by the cell that tells each property best."""
    for lit in cell_text.read(Path(model.trained.directory)):
        yield {
            "heading": lit.heading,
            "text": lit.text,
            "held": packed((lit.activations + 1) / 2),
            "there": packed(lit.labels.astype(float)),
        }


def of_mixture(model: Loaded, texts: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """How much of each layer a model takes that mixes them, in per cent, the lowest first."""
    LayerShares().require(model.trained.run)
    *shares, gamma = LayerShares()(model.trained)
    yield {
        "heading": f"{model.trained.task.protocol('train')}, times {gamma.value:.2f}",
        "layers": [one.metric for one in shares],
        "shares": [round(one.value, 1) for one in shares],
    }


LOOKS_BY_KIND = {
    "attention": of_attention,
    "surprisal": of_surprisal,
    "cells": of_cells,
    "mixture": of_mixture,
}


def looked(model: Loaded, kind: str, texts: Sequence[str], described: Mapping[str, Any]) -> dict[str, Any]:
    """A file's content: which model, and what it did; ValueError where there is nothing to see."""
    if not (found := list(LOOKS_BY_KIND[kind](model, texts))):
        where = model.trained.directory
        raise ValueError(f"{where}: nothing of at most {PIECES} pieces to look at by {kind}")
    return {
        "kind": kind,
        "model": described.get("row") or Path(model.trained.directory).name,
        "run": {name: described[name] for name in OF_RUN if name in described},
        "seen": found,
    }


def sentences(model: Loaded, count: int) -> list[str]:
    """The first test sentences of a model's own task that have from 4 to PIECES / 2 words."""
    task = model.trained.task
    data_dir = model.trained.data_dir
    if isinstance(task, Translation):
        lines = [source for source, _ in task.pairs("test", data_dir)]
    else:
        lines = task.corpus.sentences("test", data_dir)
    fitting = (line for line in dict.fromkeys(lines) if 4 <= len(line.split()) <= PIECES // 2)
    return [line for _, line in zip(range(count), fitting, strict=False)]


def written(look: Mapping[str, Any]) -> str:
    """The file's text: a line of JSON for each thing seen, so that changes are read line by line."""
    head = {name: value for name, value in look.items() if name != "seen"}
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in look["seen"])
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "seen": [\n{lines}\n]}}\n'


def read_all(folder: Path = LOOKS) -> list[dict[str, Any]]:
    """Every file of looks, by its name."""
    return [json_text.read_object(path) for path in sorted(folder.glob("*.json"))]
