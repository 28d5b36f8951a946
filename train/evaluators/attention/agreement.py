"""Does attention rank words as their influence on the prediction does, and does it find the gold ones?"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float

from data.fields import Positive
from data.items.example import Example
from train.evaluators.attention.looking import Looking
from train.inference.explainer import Explainer
from train.metrics.attention import kendall
from train.metrics.counts import Mean, Share, of_values
from train.run import Result


@dataclasses.dataclass(frozen=True)
class AttentionAgreement(Looking):
    """Kendall's tau of attention and of what a prediction depends on, over the words of a text; and hits.

    By gradient, |gradient times input|, and by omission, leaving an input out; special tokens are not ranked,
    heads are averaged, and means are over texts of two inputs or more  -- Jain & Wallace 2019, §4.1. Where
    words are marked, as the gold rationale, a hit is a text whose input of most weight is part of one, in per
    cent of the texts that have any; of inputs of equal weight one is as good as another.
    """

    texts: Positive = 200

    def judge(
        self, explainer: Explainer, examples: list[Example], protocol: dict[str, str]
    ) -> Iterator[Result]:
        """Two correlations, and three shares of hits where there are marks."""
        examples = [one for one in examples if len(one.inputs) > 3]
        ranked = {
            "attention": [looked.weights.mean(axis=0) for looked in explainer(examples)],
            "gradient": explainer.gradients(examples),
            "omission": explainer.omissions(examples),
        }
        ranked = {name: [own[1:-1] for own in texts] for name, texts in ranked.items()}
        for name in ("gradient", "omission"):
            pairs = zip(ranked["attention"], ranked[name], strict=True)
            taus = np.array([kendall(ours, theirs) for ours, theirs in pairs])
            yield Result.of(f"agreement with {name}", self.split, of_values(Mean, taus), protocol)
        marked = [place for place, one in enumerate(examples) if any(one.marks)]
        for name, texts in ranked.items() if marked else ():
            hits = np.array([hit(texts[place], examples[place].marks[1:-1]) for place in marked])
            yield Result.of(f"hits by {name}", self.split, of_values(Share, hits), protocol)


def hit(weights: Float[np.ndarray, "T"], marks: Sequence[int]) -> float:
    """Whether the input of most weight is marked; of several with as much the share of them that are."""
    return float(np.asarray(marks)[weights == weights.max()].mean())
