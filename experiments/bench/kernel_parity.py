"""Each attention kernel of this device against float64 on the host: how far its result and gradients are off.

    python -m experiments.bench.kernel_parity [--smoke]

Prints a line of JSON for each kernel, dtype, mask and length: the relative errors, or why it declines.
"""

import argparse
import json
from collections.abc import Iterator

import numpy as np

from train import devices

ROWS, HEADS, WIDTH = 2, 4, 64
LENGTHS = (64, 192, 704, 1024)  # 64 beyond a multiple of 128 once gave NaN in cuDNN
BOUNDS = {"bfloat16": 2e-2, "float32": 2e-3}  # a card multiplies float32 in its own shorter form unless told
CASES = ("full", "causal", "padded", "causal, dropout")


def exact(q, k, v, grad, kept) -> tuple[np.ndarray, ...]:
    """The result and the gradients of q, k and v in float64; `kept` [B N T S] is what weights are times."""
    q, k, v, grad = (np.asarray(x, np.float64) for x in (q, k, v, grad))
    seen, times = kept
    scores = np.where(seen, np.einsum("btnh,bsnh->bnts", q, k) * WIDTH**-0.5, -np.inf)
    p = np.where(seen, np.exp(scores - np.maximum(scores.max(-1, keepdims=True), -1e300)), 0.0)
    p = p / np.maximum(p.sum(-1, keepdims=True), 1e-300)
    dropped = p * times
    out = np.einsum("bnts,bsnh->btnh", dropped, v)
    dp = np.einsum("btnh,bsnh->bnts", grad, v) * times
    ds = p * (dp - (dp * p).sum(-1, keepdims=True)) * WIDTH**-0.5
    dq, dk = np.einsum("bnts,bsnh->btnh", ds, k), np.einsum("bnts,btnh->bsnh", ds, q)
    return out, dq, dk, np.einsum("bnts,btnh->bsnh", dropped, grad)


def checked(kernel: str, dtype: str, case: str, length: int) -> dict:
    """The relative errors of one kernel, or why it declines."""
    import jax
    import jax.numpy as jnp

    from models.attention import kernels
    from models.attention.blocked import Terms
    from models.attention.mask import Mask
    from models.attention.weight_dropout import keep_weights
    from models.layers.random import bits
    from train.parallel import alone

    draw = np.random.default_rng(length)
    q, k, v, grad = (jnp.asarray(draw.standard_normal((ROWS, length, HEADS, WIDTH)), dtype) for _ in range(4))
    rate = 0.1 if "dropout" in case else 0.0
    lengths = jnp.array([length, length // 3], jnp.int32) if case == "padded" else None
    mask = Mask(causal="causal" in case, lengths=lengths)
    seeds = bits(jax.random.key(length), (ROWS, HEADS, 2)) if rate else None
    terms = Terms(mask, None, seeds, WIDTH**-0.5, rate)
    named = {one.name: one for one in kernels.KERNELS}[kernel]
    told = {"kernel": kernel, "dtype": dtype, "case": case, "length": length}
    reasons: list[str | None] = []
    jax.eval_shape(alone(lambda *x: reasons.append(named.declines(*x, terms)) or x), q, k, v)
    if reasons[0]:
        return told | {"declines": reasons[0]}
    seen = np.broadcast_to(mask.array(length, length), (ROWS, HEADS, length, length))
    times = np.asarray(keep_weights(seeds, rate, length, length)) / (1 - rate) if rate else np.ones(())
    want = exact(*(np.asarray(x.astype("float32")) for x in (q, k, v, grad)), (seen, times))

    def both(q, k, v):
        out, pull = jax.vjp(lambda *x: named.compute(*x, terms), q, k, v)
        return out, *pull(grad)

    # A TPU multiplies float32 as bfloat16 unless told.
    with jax.default_matmul_precision("highest" if dtype == "float32" else "default"):
        got = [np.asarray(x.astype("float32"), np.float64) for x in jax.jit(alone(both))(q, k, v)]
    errors = [float(np.linalg.norm(a - b) / np.linalg.norm(b)) for a, b in zip(got, want, strict=True)]
    good = all(np.isfinite(errors)) and max(errors) < BOUNDS[dtype]
    return told | dict(zip(("out", "dq", "dk", "dv"), errors, strict=True)) | {"within bounds": good}


def results(smoke: bool) -> Iterator[dict]:
    """Every kernel, a case after the other."""
    from models.attention.kernels import KERNELS

    for kernel in KERNELS:
        for dtype in BOUNDS:
            for case in CASES:
                for length in LENGTHS[:2] if smoke else LENGTHS:
                    yield checked(kernel.name, dtype, case, length)


def main() -> int:
    """A line for each; 1 where one is off."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="short ones only")
    devices.setup()
    right = True
    for found in results(parser.parse_args().smoke):
        right &= found.get("within bounds", True)
        print(json.dumps(found), flush=True)
    return 0 if right else 1


if __name__ == "__main__":
    raise SystemExit(main())
