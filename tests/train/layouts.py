"""Two updates of every family of networks on eight devices and on one: how far apart they end.

    python tests/train/layouts.py                by one layout, two of them by every layout
    python tests/train/layouts.py TABLE/ROW ..   those by every layout

Prints a JSON line for each: [table/row, layout, largest difference of losses and parameters]. With SGD: Adam
makes as much of the rounding of a gradient that is nearly zero as of another.
"""

import dataclasses
import json
import sys
from pathlib import Path

import jax

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from soak import FAMILIES, small  # noqa: E402

from experiments.plan.step import example  # noqa: E402
from train.optimizers import Constant, Sgd  # noqa: E402
from train.parallel import Jit  # noqa: E402
from train.step import init_state  # noqa: E402

jax.config.update("jax_num_cpu_devices", 8)
LAYOUTS = (
    Jit(fsdp=2, tensor=2, least=0),
    Jit(),
    Jit(fsdp=8, least=0),
    Jit(tensor=2, least=0),
    Jit(fsdp=4, tensor=2, least=0),
)
ALL = (*FAMILIES, ("captioning", "hard"))  # which draws, and whose objective goes over all rows
EVERY = ("translation/lstm-additive", "perplexity/GPT-2")


def updated(given, layout: Jit, count: int):
    """(losses, parameters) after two updates on so many devices."""
    run, devices = given.run, jax.devices()[:count]
    parts = given.model, run.objective, run.optimizer
    init = lambda batch: init_state(*parts, run.seed, batch)
    sharding = layout.state_sharding(jax.eval_shape(init, given.batch), devices)
    state = jax.jit(init)(given.batch)
    state = jax.device_put(state, sharding)
    carry = layout.put_rows(run.objective.blank(given.model, given.batch), 0, devices)
    step, losses = layout.compile(*parts, state, devices), []
    for _ in range(2):
        state, carry, measures = step(state, carry, layout.put(given.batch, devices))
        losses.append(float(measures["loss"]))
    return losses, jax.device_get(state.params)


def apart(one, other) -> float:
    """The largest difference: of losses as a share, of parameters as it is."""
    (losses, params), (others, other_params) = one, other
    shares = [abs(a - b) / abs(a) for a, b in zip(losses, others, strict=True)]
    moved = jax.tree.map(lambda a, b: float(abs(a - b).max()), params, other_params)
    return max(*shares, *jax.tree.leaves(moved))


def main() -> None:
    """All families, or those named."""
    for table, row in ALL:
        run = small(table, row)
        asked = f"{table}/{row}" in sys.argv[1:]
        if run.model.fitted or (sys.argv[1:] and not asked):
            continue
        given = example(dataclasses.replace(run, optimizer=Sgd(Constant(0.1))), None)
        alone = updated(given, Jit(), 1)
        for layout in LAYOUTS if asked or f"{table}/{row}" in EVERY else LAYOUTS[:1]:
            far = apart(alone, updated(given, layout, 8))
            print(json.dumps([f"{table}/{row}", repr(layout), far]), flush=True)


if __name__ == "__main__":
    main()
