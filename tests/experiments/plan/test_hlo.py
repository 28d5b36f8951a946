"""A program's text against what it is known to compute, move and send."""

import jax
import jax.numpy as jnp
import pytest

from experiments.plan.hlo import Collective, Program, size, split_shape

WRITTEN = """HloModule jit_step, entry_computation_layout={()->f32[]}

%sum (a: f32[], b: f32[]) -> f32[] {
  %a = f32[] parameter(0)
  %b = f32[] parameter(1)
  ROOT %add = f32[] add(%a, %b)
}

%cut (table: bf16[1000,64], at: s32[]) -> f32[8,64] {
  %table = bf16[1000,64]{1,0} parameter(0)
  %at = s32[] parameter(1)
  %zero = s32[] constant(0)
  %wide = f32[1000,64]{1,0} convert(%table)
  ROOT %rows = f32[8,64]{1,0} dynamic-slice(%wide, %at, %zero), dynamic_slice_sizes={8,64}
}

%change (done: f32[1000,64], row: f32[1,64], at: s32[]) -> f32[1000,64] {
  %done = f32[1000,64]{1,0} parameter(0)
  %row = f32[1,64]{1,0} parameter(1)
  %at.1 = s32[] parameter(2)
  %zero.1 = s32[] constant(0)
  ROOT %put = f32[1000,64]{1,0} dynamic-update-slice(%done, %row, %at.1, %zero.1)
}

%body (carry: (s32[], f32[16,16], /*index=2*/f32[16,16])) -> (s32[], f32[16,16], f32[16,16]) {
  %carry = (s32[], f32[16,16]{1,0}, f32[16,16]{1,0}) parameter(0)
  %h = f32[16,16]{1,0} get-tuple-element(%carry), index=1
  %dot = f32[16,16]{1,0} dot(%h, %h), lhs_contracting_dims={1}, rhs_contracting_dims={0}
  %all = f32[16,16]{1,0} all-reduce(%dot), replica_groups={{0,1}}, to_apply=%sum
  ROOT %next = (s32[], f32[16,16]{1,0}, f32[16,16]{1,0}) tuple(%h, %all, %all)
}

%ends (carry.1: (s32[], f32[16,16], /*index=2*/f32[16,16])) -> pred[] {
  %carry.1 = (s32[], f32[16,16]{1,0}, f32[16,16]{1,0}) parameter(0)
  ROOT %true = pred[] constant(true)
}

ENTRY %main (p: bf16[1000,64], q: f32[1000,64], h0: (s32[], f32[16,16], f32[16,16]), at.2: s32[]) -> f32[] {
  %p = bf16[1000,64]{1,0} parameter(0)
  %q = f32[1000,64]{1,0} parameter(1)
  %h0 = (s32[], f32[16,16]{1,0}, f32[16,16]{1,0}) parameter(2)
  %at.2 = s32[] parameter(3)
  %some = f32[8,64]{1,0} fusion(%p, %at.2), kind=kLoop, calls=%cut
  %row.1 = f32[1,64]{1,0} slice(%q), slice={[0:1], [0:64]}
  %changed = f32[1000,64]{1,0} fusion(%q, %row.1, %at.2), kind=kLoop, calls=%change
  %whole = (bf16[1000,64]{1,0}, bf16[2000,64]{1,0}) all-gather-start(%p), dimensions={0}
  %got = bf16[2000,64]{1,0} all-gather-done(%whole)
  %product = (f32[1000,8]{1,0}, s8[33554432]{0}) custom-call(%q, %some), \
custom_call_target="__cublas$lt$matmul", backend_config={"gemm_backend_config":{"dot_dimension_numbers":\
{"lhs_contracting_dimensions":["1"],"rhs_contracting_dimensions":["1"]}}}
  %loop = (s32[], f32[16,16]{1,0}, f32[16,16]{1,0}) while(%h0), condition=%ends, body=%body, \
backend_config={"known_trip_count":{"n":"12"}}
  ROOT %end = f32[] constant(0)
}
"""


@pytest.fixture(scope="module")
def costs():
    return {cost.name: cost for cost in Program(WRITTEN).costs}


def test_a_loop_counts_as_often_as_it_runs(costs):
    assert costs["dot"].times == 12 and costs["dot"].flops == 2 * 16**3


def test_of_an_array_that_is_cut_or_changed_in_place_the_part_counts(costs):
    assert costs["some"].bytes == 8 * 64 * 2 + 4 + 8 * 64 * 4  # read in bfloat16, written wide
    assert costs["changed"].bytes == 64 * 4 + 4 + 64 * 4


def test_a_product_of_a_library_counts_without_where_it_works(costs):
    assert costs["product"].flops == 2 * 1000 * 8 * 64
    assert costs["product"].bytes == 4 * (1000 * 8 + 1000 * 64 + 8 * 64)


def test_what_is_sent_is_told_with_its_place():
    assert set(Program(WRITTEN).collectives) == {
        Collective("all-reduce", 16 * 16 * 4, 12, True),
        Collective("all-gather", 2000 * 64 * 2, 1, False),
    }


def test_shapes_of_tuples_end_where_their_bracket_does():
    assert split_shape("(f32[2]{0}, (s8[3]{0}, bf16[])) call(%x)") == (
        "(f32[2]{0}, (s8[3]{0}, bf16[]))",
        "call(%x)",
    )
    assert size("(f32[2,3]{1,0}, (s8[3]{0}, bf16[]), token[])") == 24 + 3 + 2


def test_what_is_no_program_is_told():
    with pytest.raises(ValueError, match="no ENTRY"):
        Program("HloModule nothing\n")


def test_a_program_of_this_compiler_is_read():
    """Twelve products in a loop and one outside, as XLA itself prints them."""

    def read(w, x):
        x, _ = jax.lax.scan(lambda x, _: (jnp.tanh(x @ w), None), x, None, 12)
        return x @ w.T

    made = jax.jit(read).lower(jnp.ones((64, 64)), jnp.ones((32, 64))).compile()
    program = Program(made.as_text())
    assert sum(cost.flops * cost.times for cost in program.costs) == 13 * 2 * 32 * 64 * 64
    assert program.collectives == []
