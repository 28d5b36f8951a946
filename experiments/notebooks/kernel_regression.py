# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
# ---

# %% [markdown]
# # Attention is kernel regression
#
# Nadaraya and Watson (1964) predict $y$ at $q$ as a mean of the $y_i$ there are, each weighted by how near
# its $k_i$ lies:
#
# $$m(q) = \sum_i \frac{K(q - k_i)}{\sum_j K(q - k_j)}\, y_i, \qquad K(u) = e^{-u^2 / 2 h^2}.$$
#
# The fraction is a softmax of $-(q - k_i)^2 / 2 h^2$. So this is attention: $q$ is a query, $k_i$ are keys
# and $y_i$ values, and there is nothing to learn but the bandwidth $h$.

# %%
from experiments.inline import shown

shown.claims("C30")

# %%
import jax
import jax.numpy as jnp
import numpy as np
import optax

from experiments.pictures import plots
from models.attention.scores import Dot, attend

# %% [markdown]
# ## Points on a noisy curve

# %%
draw = np.random.default_rng(0)
curve = lambda x: np.sin(2 * x) + 0.4 * x
keys = np.sort(draw.uniform(0, 5, 50))
values = curve(keys) + draw.normal(0, 0.3, 50)
queries = np.linspace(0, 5, 101)


# %% [markdown]
# ## One and the same
#
# Once by the attention of `models/attention/scores.py`, once by the formula of 1964 in double precision.


# %%
def attention(queries, keys, values, h, seen=True):
    """The regression at each query, and the weights of the keys that are `seen` there."""
    scores = -((jnp.array(queries)[:, None] - jnp.array(keys)) ** 2) / (2 * h**2)
    context, weights = attend(scores, jnp.array(values)[:, None], jnp.broadcast_to(seen, scores.shape))
    return context[:, 0], weights


def nadaraya_watson(queries, keys, values, h):
    """sum_i K((q - k_i) / h) v_i / sum_i K((q - k_i) / h), K the normal density."""
    kernels = np.exp(-((queries[:, None] - keys) ** 2) / (2 * h**2))
    return (kernels * values).sum(axis=1) / kernels.sum(axis=1)


with jax.enable_x64(True):
    for h in (0.1, 0.3, 1.0):
        found, _ = attention(queries, keys, values, h)
        gap = np.abs(found - nadaraya_watson(queries, keys, values, h)).max()
        print(f"h = {h}: they differ by {gap:.1e} at most")
        assert gap < 1e-6

# %% [markdown]
# ## From distance to dot product
#
# $-|q - k|^2 / 2 h^2 = q \cdot k / h^2 - |q|^2 / 2 h^2 - |k|^2 / 2 h^2$. The second term is the same for all
# keys, so that the softmax loses it. The third is too where keys are equally long: then dot-product
# attention is kernel regression, and the $\sqrt D$ that scores are divided by is an $h^2$. Where they are
# not, a longer key draws more than its nearness warrants.


# %%
def by_distance(q, k, h):
    """Softmax of -|q - k|^2 / 2 h^2."""
    return jax.nn.softmax(-jnp.sum((q[:, None] - k) ** 2, axis=-1) / (2 * h**2))


def by_dot_product(q, k, h):
    """Softmax of q . k / h^2."""
    return jax.nn.softmax(Dot().apply({}, q[None], k[None])[0] / h**2)


q, k = (jnp.array(draw.normal(size=(count, 8))) for count in (20, 30))
equal = k / jnp.linalg.norm(k, axis=-1, keepdims=True)
difference = lambda k: np.abs(by_distance(q, k, 0.8) - by_dot_product(q, k, 0.8)).max()
print(f"keys of equal length: weights differ by {difference(equal):.1e} at most")
print(f"keys of unlike length: by {difference(k):.2f}")
assert difference(equal) < 1e-6 and difference(k) > 0.1

# %% [markdown]
# ## The bandwidth is a temperature
#
# Narrow, each query takes the value of its nearest key; wide, the mean of all. Between the two, 2 to the
# entropy of a row says how many keys it looks at.

# %%
nearest = values[np.abs(queries[:, None] - keys).argmin(axis=1)]
for h, limit in ((1e-4, nearest), (1e4, values.mean())):
    np.testing.assert_allclose(attention(queries, keys, values, h)[0], limit, atol=1e-5)
for h in (0.03, 0.1, 0.3, 1.0, 3.0):
    found, weights = attention(queries, keys, values, h)
    looked = 2 ** -np.sum(weights * np.log2(np.maximum(weights, 1e-30)), axis=1).mean()
    error = np.sqrt(np.mean((found - curve(queries)) ** 2))
    print(f"h = {h:<4}  looks at {looked:4.1f} keys of {len(keys)}; root mean square error {error:.3f}")

# %% [markdown]
# ## A learned bandwidth
#
# Each point is predicted from all others: with itself among its keys, it would be its own best and only
# teacher, and $h$ would shrink to 0. Gradients go through the softmax to $\log h$.

# %%
others = ~jnp.eye(len(keys), dtype=bool)
left_out = lambda log_h: jnp.mean((attention(keys, keys, values, jnp.exp(log_h), others)[0] - values) ** 2)
descent = jax.jit(jax.value_and_grad(left_out))
optimizer, log_h = optax.adam(0.05), jnp.log(1.0)
state = optimizer.init(log_h)
for step in range(201):
    loss, gradient = descent(log_h)
    if step % 50 == 0:
        print(f"step {step:3}: h = {jnp.exp(log_h):.3f}, error left out {loss:.4f}")
    update, state = optimizer.update(gradient, state)
    log_h = optax.apply_updates(log_h, update)
learned = float(jnp.exp(log_h))
tried = np.geomspace(0.05, 2, 200)
best = tried[np.argmin(jax.lax.map(left_out, jnp.log(tried)))]
print(f"learned {learned:.3f}, best of {len(tried)} tried {best:.3f}")
assert abs(learned / best - 1) < 0.03

# %% [markdown]
# ## Pictures
#
# What the regression says, and where each query looks for it: the wider the kernel, the wider the band.

# %%
shown = {"narrow": 0.05, "learned": learned, "wide": 1.0}
fits = {name: attention(queries, keys, values, h) for name, h in shown.items()}
with plots.drawn(None, 1, (6, 3.8)) as (figure, (axes,)):
    axes.scatter(keys, values, s=12, color="#888888", label="points")
    axes.plot(queries, curve(queries), color="black", linestyle=":", label="curve")
    for (name, (fit, _)), colour in zip(fits.items(), plots.COLOURS, strict=False):
        axes.plot(queries, fit, color=colour, label=f"{name}, h = {shown[name]:.2f}")
    axes.set_title("Kernel regression")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
figure

# %%
with plots.drawn(None, 3, (9, 3.4)) as (figure, panels):
    for axes, (name, (_, weights)) in zip(panels, fits.items(), strict=True):
        axes.imshow(weights, cmap="gray", aspect="auto", interpolation="nearest", extent=(1, len(keys), 5, 0))
        axes.grid(False)
        axes.set_title(f"{name}, h = {shown[name]:.2f}")
        axes.set_xlabel("key, from left to right")
    panels[0].set_ylabel("query")
figure

# %% [markdown]
# ## Exercise
#
# 1. Put a point far off, `values[25] = 10`. Which of the three fits suffers most, and how far does the harm
#    reach?
# 2. Let $k$ have keys of unlike length in `by_dot_product`, and lower $h$. Which keys draw all queries, and
#    what does `ScaledDot` change about it?
# 3. `lookback run attention_scaling --rows "1024 dimensions" "1024 dimensions, not scaled" --seeds 1`: there
#    $\sqrt D$ is the bandwidth. Which of the two has learned more?
