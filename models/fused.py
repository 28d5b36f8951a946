"""The hot path: softmax(q k' scale) v under a mask, by the fastest kernel that does not decline.

KERNELS is the whole dispatch: tried in order, each with a reason for declining or None. `explain` says what
was chosen and why not the others; `lookback doctor` prints it.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from models.mask import Mask

Queries = Float[Array, "B T N H"]
Keys = Float[Array, "B S N H"]


def softmax(scores: Float[Array, "*B T S"], mask: Bool[Array, "*#B #T #S"]) -> Float[Array, "*B T S"]:
    """exp(s - max) / sum over the allowed keys, in float32; exactly 0 elsewhere, all of a row with no key."""
    scores = jnp.where(mask, scores.astype(jnp.float32), -jnp.inf)
    highest = jnp.max(scores, axis=-1, keepdims=True, initial=-1e30)
    exponentials = jnp.where(mask, jnp.exp(scores - jax.lax.stop_gradient(highest)), 0.0)
    total = exponentials.sum(axis=-1, keepdims=True)
    return exponentials / jnp.where(total > 0.0, total, 1.0)


def weights(q: Queries, k: Keys, mask: Mask, scale: float | None = None) -> Float[Array, "B N T S"]:
    """The attention weights themselves, which the faster kernels never hold."""
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    scores = jnp.einsum("BTNH,BSNH->BNTS", q, k, preferred_element_type=jnp.float32) * scale
    return softmax(scores, mask.array(q.shape[1], k.shape[1]))


def reference(q: Queries, k: Keys, v: Keys, mask: Mask, scale: float) -> Queries:
    """Plain einsum, the oracle of every other kernel: Vaswani et al. 2017, eq. 1."""
    return jnp.einsum("BNTS,BSNH->BTNH", weights(q, k, mask, scale).astype(v.dtype), v)


def xla(q: Queries, k: Keys, v: Keys, mask: Mask, scale: float) -> Queries:
    """jax.nn.dot_product_attention, as XLA compiles it."""
    return jax.nn.dot_product_attention(
        q, k, v, mask=mask.array(q.shape[1], k.shape[1]), scale=scale, implementation="xla"
    )


def cudnn(q: Queries, k: Keys, v: Keys, mask: Mask, scale: float) -> Queries:
    """cuDNN's fused attention through jax.nn, where no mask tensor is needed."""
    return jax.nn.dot_product_attention(q, k, v, scale=scale, is_causal=mask.causal, implementation="cudnn")


def cudnn_declines(q, k, v, mask: Mask) -> str | None:
    if jax.default_backend() != "gpu":
        return f"the backend is {jax.default_backend()}, not gpu"
    if q.dtype not in (jnp.bfloat16, jnp.float16):
        return f"it takes bfloat16 or float16, not {q.dtype}"
    if q.shape[-1] % 8 or q.shape[-1] > 128:
        return f"it takes head sizes that are multiples of 8 up to 128, not {q.shape[-1]}"
    if mask.causal and (mask.first is not None or q.shape[1] != k.shape[1]):
        return (
            "its causal mask aligns query 0 with key 0, and a continued sequence needs the last with the last"
        )
    if mask.lengths is not None:
        return "rows without a key must give zeros, which it does not promise"
    return None


def xla_declines(q, k, v, mask: Mask) -> str | None:
    if mask.lengths is not None or mask.first is not None:
        return "a row without a key must give zeros; it gives the mean of the values"
    if mask.causal and q.shape[1] > k.shape[1]:
        return "the first queries of a causal mask see no key; it gives them the mean of the values"
    return None


class Kernel(NamedTuple):
    name: str
    compute: Callable
    declines: Callable[..., str | None]


KERNELS = (  # fastest first; the last never declines
    Kernel("cudnn", cudnn, cudnn_declines),
    Kernel("xla", xla, xla_declines),
    Kernel("reference", reference, lambda *_: None),
)


def explain(q, k, v, mask: Mask) -> list[tuple[str, str | None]]:
    """(kernel, why it declines or None) in order of preference, for arrays or their shapes."""
    return [(kernel.name, kernel.declines(q, k, v, mask)) for kernel in KERNELS]


def choose(q, k, v, mask: Mask, implementation: str | None = None) -> Kernel:
    """The first kernel that does not decline, or the one asked for: if that declines, ValueError says why."""
    if implementation is None:
        return next(kernel for kernel in KERNELS if kernel.declines(q, k, v, mask) is None)
    named = {kernel.name: kernel for kernel in KERNELS}
    if implementation not in named:
        raise ValueError(f"no attention kernel '{implementation}'; there are {', '.join(named)}")
    if reason := named[implementation].declines(q, k, v, mask):
        raise ValueError(f"attention kernel '{implementation}' declines: {reason}")
    return named[implementation]


def attention(
    q: Queries,
    k: Keys,
    v: Keys,
    mask: Mask | None = None,
    *,
    scale: float | None = None,
    implementation: str | None = None,
) -> Queries:
    """softmax(q k' scale) v over the keys allowed, scale = 1/sqrt(H) unless given; no key gives zeros."""
    mask = Mask() if mask is None else mask
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    return choose(q, k, v, mask, implementation).compute(q, k, v, mask, scale)
