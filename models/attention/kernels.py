"""The hot path: softmax(q k' scale + bias) v under a mask, by the fastest kernel that does not decline.

KERNELS is the whole dispatch: tried in order, each with a reason for declining or None. `explain` says what
was chosen and why not the others; `lookback doctor` prints it.
"""

import contextlib
import contextvars
from collections.abc import Callable, Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from models.attention import blocked_heads as heads
from models.attention import splash, triton
from models.attention.bias import Bias
from models.attention.blocked import Terms
from models.attention.mask import Mask
from models.attention.own_heads import by_heads
from models.attention.scores import masked_softmax
from models.attention.weight_dropout import keep_weights
from models.chip import chip
from models.layers.random import bits

Queries = Float[Array, "B T N H"]
Keys = Float[Array, "B S K H"]


def weights(
    q: Queries, k: Keys, mask: Mask, scale: float | None = None, bias: Bias | None = None
) -> Float[Array, "B N T S"]:
    """The attention weights themselves, which the faster kernels never hold."""
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    wide = jnp.promote_types(q.dtype, jnp.float32)
    scores = jnp.einsum("BTNH,BSNH->BNTS", q, shared(k, q), preferred_element_type=wide) * scale
    if bias is not None:
        scores = scores + bias.array(q.shape[1], k.shape[1], mask.first)
    return masked_softmax(scores, mask.array(q.shape[1], k.shape[1]))


def shared(x: Keys, q: Queries) -> Float[Array, "B S N H"]:
    """The key heads as often as there are query heads for each: n reads n // (N / K)."""
    groups = q.shape[2] // x.shape[2]
    return x if groups == 1 else jnp.repeat(x, groups, axis=2)


def reference(q: Queries, k: Keys, v: Keys, terms: Terms) -> Queries:
    """Plain einsum, the oracle of every other kernel: Vaswani et al. 2017, eq. 1."""
    a = weights(q, k, terms.mask, terms.scale, terms.bias)
    if terms.rate:
        keep = keep_weights(terms.seeds, terms.rate, q.shape[1], k.shape[1])
        a = jnp.where(keep, a / (1.0 - terms.rate), 0.0)
    return jnp.einsum("BNTS,BSNH->BTNH", a.astype(v.dtype), shared(v, q))


def cudnn(q: Queries, k: Keys, v: Keys, terms: Terms) -> Queries:
    """cuDNN's fused attention through jax.nn, where no mask tensor is needed."""
    return by_heads(cudnn_here, q, k, v, terms)


def cudnn_here(q: Queries, k: Keys, v: Keys, terms: Terms) -> Queries:
    """It, on one device."""
    lengths = terms.mask.lengths
    options = dict(scale=terms.scale, is_causal=terms.mask.causal, implementation="cudnn")
    if lengths is None:
        return jax.nn.dot_product_attention(q, k, v, **options)
    # What it gives for no key at all is not documented: it gets one, and the result is not used.
    one = jnp.maximum(lengths, 1).astype(jnp.int32)
    out = jax.nn.dot_product_attention(q, k, v, key_value_seq_lengths=one, **options)
    return jnp.where(lengths[:, None, None, None] > 0, out, 0)


def cudnn_declines(q, k, v, terms: Terms) -> str | None:
    """Why cuDNN cannot compute it, or None."""
    mask, device = terms.mask, chip()
    if device.backend != "gpu":
        return f"the backend is {device.backend}, not gpu"
    if not device.nvidia:
        return "the card is not NVIDIA's"
    if device.capability < 8.0:
        return f"it takes cards of compute capability 8.0 on, not {device.capability}"
    if q.dtype not in (jnp.bfloat16, jnp.float16):
        return f"it takes bfloat16 or float16, not {q.dtype}"
    widest = 256 if device.capability == 9.0 else 128
    if q.shape[-1] % 8 or q.shape[-1] > widest:
        return f"it takes head sizes that are multiples of 8 up to {widest}, not {q.shape[-1]}"
    if mask.causal and (mask.first is not None or q.shape[1] != k.shape[1]):
        return (
            "its causal mask aligns query 0 with key 0, and a continued sequence needs the last with the last"
        )
    if mask.segments is not None or mask.window is not None:
        return "it would need a mask tensor for segments or a window, with which gradients were NaN"
    if terms.bias is not None:
        return "with a bias its gradients are limited, and were NaN for a float32 one"
    if terms.rate:
        return "it would drop the same weights at every update, as its seed is part of the program"
    return None


FEWEST = 128 * 128  # scores of a head; below, calling the kernel costs more than it saves
HELD = 2048  # keys; up to so many, a GPU or TPU is faster with all scores of a head held at once


def blocked_declines(q, k, v, terms: Terms) -> str | None:
    """Why cutting the scores into tiles would not pay, or None."""
    if (backend := chip().backend) != "cpu" and k.shape[1] <= HELD:
        return f"its tiles are those of a CPU; on a {backend} it pays beyond {HELD} keys, not {k.shape[1]}"
    if q.shape[1] * k.shape[1] < FEWEST:
        return f"{q.shape[1]} x {k.shape[1]} scores a head are too few to cut up; from {FEWEST} it pays"
    return None


class Kernel(NamedTuple):
    """compute(q, k, v, terms), and why it declines these: declines(q, k, v, terms)."""

    name: str
    compute: Callable
    declines: Callable[..., str | None]


KERNELS = (  # fastest first; the last never declines
    Kernel("cudnn", cudnn, cudnn_declines),
    Kernel("triton", triton.attention, triton.declines),
    Kernel("splash", splash.attention, splash.declines),
    Kernel("blocked", heads.attention, blocked_declines),
    Kernel("reference", reference, lambda *_: None),
)


def explain(q, k, v, terms: Terms) -> list[tuple[str, str | None]]:
    """(kernel, why it declines or None) in order of preference, for arrays or their shapes."""
    return [(kernel.name, kernel.declines(q, k, v, terms)) for kernel in KERNELS]


class Choice(NamedTuple):
    """Which kernel took queries and keys of these shapes, and why those before it declined."""

    queries: tuple[int, ...]
    keys: tuple[int, ...]
    dtype: str
    kernel: str
    declined: tuple[tuple[str, str], ...]


WATCHED: contextvars.ContextVar[dict[Choice, int] | None] = contextvars.ContextVar("watched", default=None)


@contextlib.contextmanager
def watched() -> Iterator[dict[Choice, int]]:
    """What is chosen for the programs that are traced within, and how often."""
    token = WATCHED.set(found := {})
    try:
        yield found
    finally:
        WATCHED.reset(token)


def choose(q, k, v, terms: Terms, implementation: str | None = None) -> Kernel:
    """The first kernel that does not decline, or the one asked for: if that declines, ValueError says why."""
    if implementation is None:
        return next(kernel for kernel in KERNELS if kernel.declines(q, k, v, terms) is None)
    named = {kernel.name: kernel for kernel in KERNELS}
    if implementation not in named:
        raise ValueError(f"no attention kernel '{implementation}'; there are {', '.join(named)}")
    if reason := named[implementation].declines(q, k, v, terms):
        raise ValueError(f"attention kernel '{implementation}' declines: {reason}")
    return named[implementation]


def attention(
    q: Queries,
    k: Keys,
    v: Keys,
    mask: Mask | None = None,
    *,
    scale: float | None = None,
    bias: Bias | None = None,
    dropout: float = 0.0,
    key: Key[Array, ""] | None = None,
    implementation: str | None = None,
) -> Queries:
    """softmax(q k' scale + bias) v over the keys allowed, scale = 1/sqrt(H) unless given; no key gives zeros.

    Query head n reads key head n // (N / K). A share `dropout` of the weights is dropped by `key`.
    """
    if q.shape[2] % k.shape[2]:
        raise ValueError(f"{q.shape[2]} query heads cannot share {k.shape[2]} key heads evenly")
    if dropout and key is None:
        raise ValueError("dropout of attention weights needs a key")
    seeds = bits(key, (q.shape[0], q.shape[2], 2)) if dropout else None
    mask = Mask() if mask is None else mask
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    terms = Terms(mask, bias, seeds, scale, dropout)
    kernel = choose(q, k, v, terms, implementation)
    if (seen := WATCHED.get()) is not None:
        reasons = explain(q, k, v, terms)
        faster = tuple(reasons[: [name for name, _ in reasons].index(kernel.name)])
        choice = Choice(q.shape, k.shape, str(q.dtype), kernel.name, faster)
        seen[choice] = seen.get(choice, 0) + 1
    return kernel.compute(q, k, v, terms)
