"""Splash attention, the TPU kernel that ships with JAX. Not measured: no TPU has run it here."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from models.attention.blocked import Terms
from models.attention.own_heads import by_heads, known_place
from models.chip import chip

BLOCK = 128  # of queries and of keys, the fewest that it takes


def attention(
    q: Float[Array, "B T N H"],
    k: Float[Array, "B S K H"],
    v: Float[Array, "B S K H"],
    terms: Terms,
    interpret: bool = False,
) -> Float[Array, "B T N H"]:
    """One row at a time; the heads come first, the scale is the caller's. `interpret` runs it anywhere."""
    return by_heads(partial(attention_here, interpret=interpret), q, k, v, terms)


def attention_here(q, k, v, terms: Terms, interpret: bool):
    """It, on one device."""
    from jax.experimental.pallas.ops.tpu.splash_attention import splash_attention_kernel as kernel
    from jax.experimental.pallas.ops.tpu.splash_attention import splash_attention_mask as masks

    mask, shape = terms.mask, (q.shape[1], k.shape[1])
    first = shape[1] - shape[0]
    if mask.window is not None:
        seen = masks.LocalMask(shape, (mask.window - 1, 0), first)
    else:
        seen = masks.CausalMask(shape, first) if mask.causal else masks.FullMask(shape)
    compute = kernel.make_splash_mha(
        masks.MultiHeadMask([seen] * q.shape[2]), head_shards=1, q_seq_shards=1, interpret=interpret
    )
    segments = None
    if mask.segments is not None:
        others = mask.segments if mask.key_segments is None else mask.key_segments
        segments = kernel.SegmentIds(mask.segments, others)
    q, k, v = (x.swapaxes(1, 2) for x in (q * jnp.asarray(terms.scale, q.dtype), k, v))
    return jax.vmap(compute)(q, k, v, segments).swapaxes(1, 2)


def declines(q, k, v, terms: Terms) -> str | None:
    """Why the kernel cannot compute it, or None."""
    mask = terms.mask
    if chip().backend != "tpu":
        return f"the backend is {chip().backend}, not tpu"
    if not known_place():
        return "the compiler cannot split a Mosaic program over devices"
    if q.shape[1] % BLOCK or k.shape[1] % BLOCK:
        return f"it takes multiples of {BLOCK} queries and keys, not {q.shape[1]} and {k.shape[1]}"
    if mask.first is not None or mask.lengths is not None:
        return "its masks are known when it is compiled, and lengths or positions are data"
    if mask.causal and q.shape[1] > k.shape[1]:
        return "the first queries of a causal mask see no key, and it would divide by a sum of 0"
    if mask.window is not None and not mask.causal:
        return "a window that is not causal has no tested form in it"
    if mask.segments is not None and mask.key_segments is not None:
        return "a query of a segment without keys would be divided by a sum of 0"
    if terms.bias is not None or terms.rate:
        return "it takes no bias and drops no weights"
    return None
