"""What a prediction loses with each head of attention that is left out  -- Michel et al. 2019, §3.2."""

import dataclasses
from collections.abc import Iterator, Mapping
from itertools import groupby

import jax
import numpy as np
from jaxtyping import Float

from data.fields import Fraction
from models.layers.head_gates import gated, head_counts
from models.model import Network
from train.run import Evaluator, Result, Run, Trained

Gates = dict[str, Float[np.ndarray, "N"]]
OF_ATTENTION = "_attention"  # behind its kind, in the name of one of several of a layer


@dataclasses.dataclass(frozen=True)
class HeadAblation(Evaluator):
    """By how much the loss of a run's own objective rises without a head, in per cent of it.

    "without head" is 100 (L_n / L - 1) for each head n by itself, L the mean loss over the split with all
    heads and L_n that without what head n adds to its layer. Heads are named "layer-head"; those of a
    decoder over a source are "self 1-1" and "source 1-1", and its encoder's "1-1". Of the heads of a layer,
    which training leaves in any order, "most missed" and "least missed" are the extremes, and "missed
    together" is of all of them at once. "heads missed" is the share of heads, in per cent, without which the
    loss rises by `missed` of it or more.
    """

    needs = {"model": Network}
    why = "leaves heads of attention out"
    split: str = "test"
    missed: Fraction = 0.01

    def require(self, run: Run) -> None:
        """And ValueError where the model has no heads that can be left out."""
        super().require(run)
        if not run.model.has_heads:
            model = type(run.model.inner or run.model).__name__
            raise ValueError(
                f"evaluators: HeadAblation {self.why}, and {model} has none that writes by itself: set "
                "evaluators"
            )

    def __call__(self, trained: Trained) -> Iterator[Result]:
        counts = head_counts(trained.params)
        everything = {path: np.ones(count, np.float32) for path, count in counts.items()}
        loss_with = Losses(trained, self.split)
        whole = loss_with(everything)
        text, objective = trained.task.protocol(self.split), type(trained.run.objective).__name__
        protocol = trained.protocol(text, signature=f"its own, {objective}")
        yield Result("loss with all heads", self.split, whole, protocol)
        # Shares of losses of unlike texts may stand in one column, where a row compares its own heads.
        own = {"corpus": "each row's own", "signature": "rise of its loss, in per cent of it"}
        protocol = protocol | own | {"text": text, "objective": objective}
        rise = lambda gates: 100 * (loss_with(everything | gates) / whole - 1)
        every = []
        for path, (kind, layer) in named(counts).items():
            alone = [rise({path: 1 - np.eye(counts[path], dtype=np.float32)[n]}) for n in range(counts[path])]
            before = f"{kind} " if kind else ""
            for head, value in enumerate(alone, 1):
                yield Result("without head", f"{before}{layer}-{head}", value, protocol)
            together = rise({path: np.zeros_like(everything[path])})
            extremes = {"most missed": max(alone), "least missed": min(alone), "missed together": together}
            for metric, value in extremes.items():
                yield Result(metric, f"{before}layer {layer}", value, protocol)
            every += alone
        share = 100 * np.mean(np.array(every) >= 100 * self.missed)
        told = {"signature": f"of all heads, by {self.missed:.0%} of the loss", "heads": str(len(every))}
        yield Result("heads missed", self.split, float(share), protocol | told)


class Losses:
    """The mean loss of a run's objective over a split, as an evaluation has it, with gates on its heads."""

    def __init__(self, trained: Trained, split: str):
        run, self.params, self.model = trained.run, trained.params, trained.model
        items = trained.task.encoded(split, trained.tokenizer, trained.data_dir)
        _, batches = run.batches.over(items, items, run.seed, before=trained.tokenizer.eos)
        self.batches, self.objective = list(batches.once()), run.objective
        self.sums = jax.jit(
            lambda params, gates, batch, carry: self.objective.evaluate(
                self.model, gated(params, gates), batch, carry
            )
        )

    def __call__(self, gates: Gates) -> float:
        """Nats a target, or what else the objective counts."""
        carry, sums = self.objective.blank(self.model, self.batches[0]), []
        for batch in self.batches:
            total, (count, carry) = self.sums(self.params, gates, batch, carry)
            sums.append((total, count))
        total, count = np.sum(np.array(jax.device_get(sums), float), axis=0)
        return float(total / count)


def named(layers: Mapping[str, int]) -> dict[str, tuple[str, int]]:
    """{path of a layer of heads: (its kind, its number among those of the kind)}; "" where it has one name.

    The kind of decoder_1/self_attention is "self", and that of blocks_0/attention is "".
    """
    kind = lambda path: path.rpartition("/")[2].rpartition(OF_ATTENTION)[0]
    found = {}
    for of_kind, paths in groupby(sorted(layers, key=kind), kind):
        found |= {path: (of_kind, number) for number, path in enumerate(paths, 1)}
    return found
