"""Parts of a check on an accelerator: none stops the others, and each number is kept at once."""

import json
import sys
import types

import numpy as np
import pytest
from run_folder import write_run

from experiments.bench import device_check, kernel_parity
from experiments.bench.device_check import Part


def python(code, *arguments):
    return (sys.executable, "-c", code, *arguments)


@pytest.fixture
def checked(monkeypatch, tmp_path):
    """(results, the file after each part) of parts that end well, badly and not at all."""
    parts = [
        Part("well", python("""print('{"out": 1.5}'); print('words')"""), 30),
        Part("badly", python("raise SystemExit('no such card')"), 30),
        Part("never", python("import time; print('begun', flush=True); time.sleep(60)"), 2),
        Part("late", python("print()"), 30),
    ]
    monkeypatch.setattr(device_check, "parts", lambda *_: parts)
    clock = iter([0.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0, 3.0, 95.0])
    monkeypatch.setattr(device_check, "time", types.SimpleNamespace(monotonic=lambda: next(clock)))
    found, files = [], []
    for one in device_check.check(tmp_path, False, 100):
        found.append(one)
        files.append(json.loads((tmp_path / "device-check.json").read_text())["parts"])
    return found, files


def test_no_part_stops_the_others_and_what_there_is_no_time_for_is_named(checked):
    found, _ = checked
    assert [one["ended"] for one in found] == ["exit code 0", "exit code 1", "stopped after 2 s", "no time"]
    assert found[0]["lines"] == [{"out": 1.5}, "words"] and found[1]["said"] == "no such card"
    assert found[2]["lines"] == ["begun"]


def test_each_result_is_in_the_file_at_once(checked):
    found, files = checked
    assert files == [found[: count + 1] for count in range(4)]


def test_the_oracle_is_softmax_and_its_gradient():
    """Against differences of the loss sum(out x grad), weights dropped and a query that sees nothing."""
    draw = np.random.default_rng(0)
    q, k, v, grad = (draw.standard_normal((1, 3, 1, 64)) for _ in range(4))
    seen = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 1]], bool)[None, None]
    kept = seen, np.array([[2.0, 2.0, 0.0]] * 3)[None, None]
    out, *gradients = kernel_parity.exact(q, k, v, grad, kept)
    assert not out[0, 1].any()
    loss = lambda *qkv: (kernel_parity.exact(*qkv, grad, kept)[0] * grad).sum()
    for at, found in enumerate(gradients):
        for place in ((0, 0, 0, 5), (0, 2, 0, 7)):
            moved = [[x.copy() for x in (q, k, v)] for _ in range(2)]
            moved[0][at][place] += 1e-5
            moved[1][at][place] -= 1e-5
            assert found[place] == pytest.approx((loss(*moved[0]) - loss(*moved[1])) / 2e-5, abs=1e-7)


def test_a_kernel_that_is_off_is_told(monkeypatch):
    right = kernel_parity.checked("reference", "float32", "causal, dropout", 64)
    assert right["within bounds"] and max(right[name] for name in ("out", "dq", "dk", "dv")) < 1e-5
    monkeypatch.setitem(kernel_parity.BOUNDS, "float32", 1e-12)
    assert not kernel_parity.checked("reference", "float32", "full", 64)["within bounds"]
    assert "backend is cpu" in kernel_parity.checked("cudnn", "bfloat16", "full", 64)["declines"]


def test_how_far_a_run_came_is_read_off_its_ledger(tmp_path):
    lines = (
        {"kind": "valid", "step": 20, "loss": 3.5, "tokens": 300.0, "seconds": 2.0},  # compiled, too
        {"kind": "valid", "step": 40, "loss": 2.5, "tokens": 900.0, "seconds": 3.0},
        {"kind": "result", "metric": "BLEU", "name": "test", "value": 12.5},
    )
    write_run(tmp_path / "table" / "row" / "0", *lines)
    expected = {"step": 40, "validation loss": 2.5, "tokens/s": 600.0, "BLEU on test": 12.5}
    assert device_check.trained(tmp_path) == expected
