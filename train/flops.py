"""Operations of a traced function, loops counted as often as they run.

XLA's own count of a compiled program takes the body of a loop once, which makes a recurrent network of T
steps look T times cheaper than it is.
"""

import math
from collections.abc import Callable, Iterator

import jax
from jax.extend import core

FREE = {  # what moves or names numbers and computes none
    "broadcast_in_dim", "concatenate", "convert_element_type", "copy", "dynamic_slice",
    "dynamic_update_slice", "gather", "iota", "pad", "reshape", "rev", "scatter", "select_n", "slice",
    "split", "squeeze", "stop_gradient", "transpose",
}  # fmt: skip


def count(function: Callable, *arguments) -> float:
    """Floating-point and integer operations of `function` on arrays of these shapes.

    A product [m, k] x [k, n] is 2 m k n, a convolution likewise; any other primitive is one for each number
    it gives, a reduction one for each it takes. A scan is its body times its length, a branch its dearest
    arm, a while loop once.
    """
    return operations(jax.make_jaxpr(function)(*arguments).jaxpr)


def operations(jaxpr: core.Jaxpr) -> float:
    """Operations of a traced program."""
    return sum(map(operations_of, jaxpr.eqns))


def operations_of(equation: core.JaxprEqn) -> float:
    """Operations of one equation of it, of loops as often as they run."""
    name, parameters = equation.primitive.name, equation.params
    inner = list(jaxprs(parameters))
    if name == "scan":
        return parameters["length"] * sum(map(operations, inner))
    if name == "cond":
        return max(map(operations, inner))
    if inner and name not in ("reduce", "scatter-add", "sort"):
        return sum(map(operations, inner))
    given = sum(math.prod(out.aval.shape) for out in equation.outvars)
    if name == "dot_general":
        (contracted, _), _ = parameters["dimension_numbers"]
        shape = equation.invars[0].aval.shape
        return 2.0 * given * math.prod(shape[axis] for axis in contracted)
    if name == "conv_general_dilated":
        kernel = equation.invars[1].aval.shape  # inputs of a group and window, for each output
        return 2.0 * given * math.prod(kernel) / kernel[parameters["dimension_numbers"].rhs_spec[0]]
    if name.startswith(("reduce_", "arg")):
        return float(math.prod(equation.invars[0].aval.shape))
    return 0.0 if name in FREE else float(given)


def jaxprs(parameters: dict) -> Iterator[core.Jaxpr]:
    """The programs inside an equation, whatever the parameter that holds them is called."""
    for value in parameters.values():
        for item in value if isinstance(value, tuple | list) else (value,):
            if isinstance(item, core.ClosedJaxpr):
                yield item.jaxpr
            elif isinstance(item, core.Jaxpr):
                yield item
