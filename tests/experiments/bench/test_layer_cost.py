"""Power laws are found; operations, steps that wait and paths are those of theory; never a timing."""

import contextlib
import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib.image import imread

from experiments.bench import layer_cost as complexity
from experiments.bench import results
from experiments.bench.layer_cost import Attention, Convolution, Recurrence
from experiments.pictures import plots

PURE = {  # exponents in n and d, of Vaswani et al. 2017, Table 1
    "self-attention": (2, 1),
    "recurrent": (1, 2),
    "convolution": (1, 2),
    "convolution, dilated": (1, 2),
    "restricted attention": (1, 1),
}


def counted(name, points):
    row = complexity.LECTURE[name]
    return [complexity.counts(row, n, d, complexity.traced(row.layer, n, d).jaxpr.jaxpr) for n, d in points]


# fits


@pytest.mark.parametrize("exponent", [-1.0, 0.5, 1.0, 2.0])
def test_a_power_law_is_recovered(exponent):
    sizes = np.array([3.0, 10.0, 40.0, 100.0])
    found = complexity.fit(sizes, 7 * sizes**exponent)
    assert found == pytest.approx((exponent, 1.0))


def test_noise_lowers_what_is_explained_and_a_log_base_or_unit_changes_nothing():
    sizes, noise = np.array([1.0, 2.0, 4.0, 8.0]), np.array([1.0, 1.3, 0.7, 1.1])
    found = complexity.fit(sizes, sizes * noise)
    x, y = np.log2(sizes), np.log2(sizes * noise)
    assert found.exponent == pytest.approx(np.cov(x, y)[0, 1] / np.var(x, ddof=1))
    assert found.explained == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2) and found.explained < 0.99
    assert complexity.fit(sizes, 1e3 * sizes * noise) == pytest.approx(found)


def test_only_the_largest_sizes_are_fitted():
    points = [{"n": n, "seconds": max(5000, n**2)} for n in (8, 32, 64, 100, 200, 400, 800)]
    assert complexity.fitted(points, "n", "seconds") == pytest.approx((2.0, 1.0))


# operations


@pytest.mark.parametrize("name", PURE)
def test_operations_have_the_exponents_of_theory(name):
    along_n = counted(name, [(n, 64) for n in (2048, 3072, 4096)])
    along_d = counted(name, [(256, d) for d in (512, 1024)])
    found = [complexity.fitted(points, axis, "flops") for points, axis in ((along_n, "n"), (along_d, "d"))]
    assert [fit.exponent for fit in found] == pytest.approx(PURE[name], abs=0.03)
    closed = [
        complexity.fitted(points, axis, "products") for points, axis in ((along_n, "n"), (along_d, "d"))
    ]
    assert [fit.exponent for fit in closed] == pytest.approx(PURE[name])


@pytest.mark.parametrize("name", [name for name in complexity.LECTURE if not name.startswith("restricted")])
def test_operations_are_those_of_the_products_and_a_little_more(name):
    (point,) = counted(name, [(256, 256)])
    assert 1.0 < point["flops"] / point["products"] < 1.06


def test_a_restricted_layer_computes_whole_tiles_and_the_projections_are_theirs():
    """A tile of 128 queries sees 64 - 1 keys more, but for the first one."""
    mixing, whole = (
        counted(name, [(1024, 64)])[0] for name in ("restricted attention", "restricted attention, whole")
    )
    tiles = 4 * 64 * 128 * (8 * (128 + 63) - 63)
    assert 1.0 < mixing["flops"] / tiles < 1.25
    assert (whole["flops"] - mixing["flops"]) / (8 * 1024 * 64**2) == pytest.approx(1.0, abs=0.02)


def test_the_projections_the_table_leaves_out_are_the_larger_part_while_n_is_below_2_d():
    mixing, whole = (
        complexity.LECTURE[name].products for name in ("self-attention", "self-attention, whole")
    )
    assert [whole(n, 64) / mixing(n, 64) for n in (64, 128, 512)] == [3.0, 2.0, 1.25]


# steps that wait


@pytest.mark.parametrize("name", complexity.LECTURE)
def test_only_a_recurrent_layer_has_steps_that_wait(name):
    points = counted(name, [(16, 32), (160, 64)])  # by the plain kernel, and by the one that loops over heads
    assert [point["steps"] for point in points] == ([16, 160] if name == "recurrent" else [1, 1])


def test_steps_wait_along_dependences_only():
    x = jnp.ones(3)
    steps = lambda function: complexity.chain(jax.make_jaxpr(function)(x).jaxpr)
    scan = lambda x, length: jax.lax.scan(lambda h, _: (jnp.tanh(h), h), x, None, length)[0]
    assert steps(lambda x: x * 2 + 1) == 1
    assert steps(lambda x: scan(x, 5)) == steps(jax.jit(lambda x: scan(x, 5))) == 5
    assert steps(lambda x: scan(scan(x, 5), 7)) == 12
    assert steps(lambda x: scan(x, 5) + scan(x, 7)) == 7
    assert steps(lambda x: jax.lax.fori_loop(0, 4, lambda _, h: scan(h, 3), x)) == 12
    assert steps(lambda x: jax.lax.map(jnp.tanh, x)) == 1
    assert steps(lambda x: jax.lax.map(lambda row: scan(row, 6), x)) == 6
    assert steps(lambda x: jax.lax.scan(lambda h, y: (h, h + y), 1.0, x)) == 1  # handed on, never changed
    with pytest.raises(ValueError, match="while loop does not say"):
        steps(lambda x: jax.lax.while_loop(lambda h: h.sum() < 9, jnp.exp, x))


# paths


@pytest.mark.parametrize(
    "layer, hops",
    [
        (Attention(), {9: 1}),
        (Attention(whole=True), {9: 1}),
        (Recurrence(), {1: 1, 9: 9}),
        (Convolution(), {9: 4, 10: 5}),
        (Convolution(dilated=True), {9: 2, 10: 3}),
        (Attention(4), {10: 3, 11: 4}),
        (Attention(4, whole=True), {11: 4}),
    ],
    ids=str,
)
def test_the_first_state_reaches_the_last_in_so_many_hops(layer, hops):
    assert {n: complexity.reach(layer, n, width=4) for n in hops} == hops


def test_the_formulas_of_the_table_are_those_paths():
    formula = {name: row.hops for name, row in complexity.LECTURE.items()}
    assert [formula["convolution"](n) for n in (3, 4, 9, 10, 11)] == [1, 2, 4, 5, 5]
    assert [formula["convolution, dilated"](n) for n in (3, 4, 9, 10, 27, 28)] == [1, 2, 2, 3, 3, 4]
    assert [complexity.within(4)(n) for n in (4, 5, 10, 11)] == [1, 2, 3, 4]
    assert (formula["recurrent"](9), formula["self-attention"](9)) == (9, 1)
    assert formula["restricted attention"](128) == complexity.reach(Attention(complexity.WINDOW), 128) == 3


def test_a_layer_that_never_reaches_is_said():
    @dataclasses.dataclass(frozen=True)
    class Blind(Convolution):
        def read(self, module, x):
            return module(jnp.tile(x, 3))

    with pytest.raises(ValueError, match="after 4 hops the last of 4 states knows nothing"):
        complexity.reach(Blind(), 4, width=4)


@pytest.mark.parametrize("layer", [Convolution(), Convolution(dilated=True), Attention(4)], ids=str)
def test_a_layer_that_reads_the_past_sees_no_future(layer):
    weights, x = complexity.variables(layer, 4), complexity.states(1, 9, 4)
    read = lambda x: complexity.ahead(layer.at(1), weights, x, x)
    np.testing.assert_array_equal(read(x.at[:, 5:].add(1.0))[:, :5], read(x)[:, :5])


# the command


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder with the results of two layers at the sizes of --smoke."""
    from experiments.__main__ import main

    folder = tmp_path_factory.mktemp("results")
    rows = {name: complexity.LECTURE[name] for name in ("recurrent", "convolution, dilated")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(complexity, "FULL", complexity.SMOKE)
        patch.setattr(complexity, "LECTURE", rows)
        patch.setattr(complexity, "TURN", 0.0)
        assert main(["complexity", "--rounds", "2", "--out", str(folder)]) == 0
    return folder


@pytest.mark.slow
def test_a_run_leaves_results_a_plot_and_two_tables(kept, lookback):
    found = results.read(kept / "complexity-cpu.json")
    assert list(found) == ["recurrent", "convolution, dilated"]
    for name, result in found.items():
        assert result["rounds"] == 2 and {"device", "commit", "versions"} <= result.keys()
        assert [(point["n"], point["d"]) for point in result["n"]] == [(16, 32), (32, 32)]
        assert [(point["n"], point["d"]) for point in result["d"]] == [(16, 32), (16, 64)]
        assert all(point["seconds"] > 0 for axis in "nd" for point in result[axis])
        assert [path["hops"] for path in result["paths"]] == [complexity.LECTURE[name].hops(8)]
    assert 1000 < imread(kept / "complexity-cpu.png").shape[1] < 1500  # what a page of 800 can show
    code, said, _ = lookback("complexity", "--render", "--out", kept)
    rows = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in said.splitlines()]
    costs, order = (row for row in rows if row[0] == "recurrent")
    assert code == 0 and costs[1:4] == ["O(n d²)", "1.00", "1.00 (1.000)"] and costs[5] == "2.00"
    assert order[1:] == ["O(n)", "32", "O(n)", "8 (8)"]
    assert "at n = 16, 32; d = 32, 64" in said


def test_what_is_expected_is_drawn_through_the_largest_value(tmp_path, monkeypatch):
    seen, drawn = [], plots.drawn

    @contextlib.contextmanager
    def watched(*arguments, **options):
        with drawn(*arguments, **options) as (figure, panels):
            seen.extend(panels)
            yield figure, panels

    monkeypatch.setattr(plots, "drawn", watched)
    curve = [(8, 40.0, 64), (2, 9.0, 4), (4, 12.0, 16)]
    plots.power_laws({("Seconds", "n"): {"a": curve}, ("Seconds", "d"): {"a": curve[:2]}}, tmp_path / "p.png")
    measured, expected = (line.get_xydata().tolist() for line in seen[0].get_lines())
    assert measured == [[2, 9], [4, 12], [8, 40]] and expected == [[2, 2.5], [4, 10], [8, 40]]
    assert [panel.get_xlabel() for panel in seen] == ["n", "d"] and seen[0].get_yscale() == "log"


def test_smoke_keeps_nothing(kept, lookback, tmp_path, monkeypatch):
    found = list(results.read(kept / "complexity-cpu.json").values())
    monkeypatch.setattr(
        complexity, "measure", lambda sizes, rounds, watch: found[: sizes == complexity.SMOKE]
    )
    code, said, _ = lookback("complexity", "--smoke", "--out", tmp_path / "nowhere")
    assert code == 0 and "| recurrent " in said and not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    "arguments, message",
    [(["--rounds", "0"], "--rounds: takes int, at least 1"), (["--render"], "nothing measured yet")],
)
def test_refusals(lookback, tmp_path, arguments, message):
    code, _, error = lookback("complexity", "--out", tmp_path, *arguments)
    assert code == 2 and message in error and "Traceback" not in error
