"""What a query may see, as data: made into an array only by the kernel that needs one."""

import flax.struct
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int


@flax.struct.dataclass
class Mask:
    """Query t of row b may see key s if every condition given holds.

    causal   s <= t + first[b]; `first` is the position of query 0 among the keys. Left out it is S - T: the
             last query sees the last key, as a continued sequence needs (bottom-right alignment).
    lengths  s < lengths[b]: keys beyond are padding.
    """

    lengths: Int[Array, "B"] | None = None
    first: Int[Array, "B"] | None = None
    causal: bool = flax.struct.field(pytree_node=False, default=False)

    def array(self, queries: int, keys: int) -> Bool[Array, "#B 1 #T S"]:
        """The mask as booleans, broadcasting over heads: True where looking is allowed."""
        s = jnp.arange(keys)
        allowed = jnp.ones((1, 1, 1, keys), bool)
        if self.lengths is not None:
            allowed = allowed & (s < self.lengths[:, None, None, None])
        if self.causal:
            first = jnp.full((1,), keys - queries) if self.first is None else self.first
            allowed = allowed & (s <= jnp.arange(queries)[:, None] + first[:, None, None, None])
        return allowed
