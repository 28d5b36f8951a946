"""The benchmark's arithmetic, processes and refusals, on contenders that take no time; never a timing."""

import json
import math
import signal
import sys

import pytest

from experiments.bench import measure as contest
from experiments.bench import report, results, speed
from experiments.bench.line import Bar, Contender, Line, Variant
from experiments.bench.process import Absent, Process
from experiments.commands import bench

UNDER = {
    "device": "2 x cpu (Z80)",
    "cores": 2,
    "versions": {"torch": "9"},
    "commit": "abc",
    "date": "2026-01-01",
}
FAKES = """
import os, sys
from experiments.bench.work import Work

print("a library says hello")

def quick(n=1, parameters=100): return Work(lambda: None, facts={"parameters": parameters})
def wrong(n=1): raise RuntimeError("no such luck\\nand more")
def stuck(n=1):
    while True: pass
def missing(n=1): import a_package_that_is_not_there
def dead(n=1):
    print("out of memory", file=sys.stderr, flush=True)
    os._exit(9)
def mortal(n=1):
    left = [n]
    def run():
        left[0] -= 1
        if left[0] < 0: os._exit(9)
    return Work(run)
"""


@pytest.fixture
def fakes(tmp_path, monkeypatch):
    (tmp_path / "fakes.py").write_text(FAKES)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def line(*contenders, bars=(), **changes):
    return Line("x", "gpt", "a line", {"n": 1}, contenders, 10.0, "tokens/s", bars, **changes)


def measured(a_line, rounds=2):
    return contest.measure(a_line, {True: sys.executable, False: sys.executable}, rounds, 10.0)


# turns and ratios


def test_turns_alternate_and_every_other_round_is_reversed():
    taken = []
    runs = {name: lambda name=name: taken.append(name) or 1.0 for name in "abc"}
    times = contest.alternate(runs, 3, math.inf)
    assert "".join(taken) == "abccbaabc" and times == {name: [1.0] * 3 for name in "abc"}


@pytest.mark.parametrize("names, rounds", [("ab", contest.FEWEST), ("a", 1)])
def test_a_slow_line_ends_early_but_not_before_the_fewest_rounds(names, rounds):
    clock = iter(range(0, 1000, 50)).__next__
    times = contest.alternate({name: lambda: 1.0 for name in names}, 9, 20.0, clock=clock)
    assert [len(found) for found in times.values()] == [rounds] * len(names)


def test_the_ratio_is_taken_round_by_round():
    own, other = {"seconds": [1.0, 4.0, 2.0]}, {"seconds": [3.0, 4.0, 2.0]}
    assert contest.ratios(own, other) == {"ratio": 1.0, "quartiles": [1.0, 2.0], "rounds": 3}  # medians: 1.5
    assert contest.ratios({"seconds": [2.0]}, {"seconds": [3.0]})["quartiles"] == [1.5, 1.5]


def test_a_contender_stands_by_its_fastest_variant():
    times = {("a", ""): [2.0, 4.0, 3.0], ("b", "x"): [5.0, 1.0, 5.0], ("b", "y"): [2.0, 2.5, 9.0]}
    facts = {"a": {"": {"bytes": 7, "warm": 1}}, "b": {"x": {"bytes": 1}, "y": {"bytes": 2}}}
    found = contest.standings(times, facts, work=12.0)
    assert found["a"] == {"seconds": [2, 4, 3], "median": 3, "least": 2, "rate": 4, "bytes": 7}
    assert (found["b"]["variant"], found["b"]["median"], found["b"]["bytes"]) == ("y", 2.5, 2)
    assert found["b"]["variants"] == {"x": 5.0, "y": 2.5}


@pytest.mark.parametrize(
    "bar, value, met, reached",
    [
        (Bar("speed", "p", least=0.85, goal=1.0), 0.9, True, False),
        (Bar("speed", "p", least=0.85, goal=1.0), 0.84, False, False),
        (Bar("speed", "p", least=0.85, goal=1.0), 1.0, True, True),
        (Bar("speed", "p", goal=1.0), 1.2, None, True),
        (Bar("memory", "p", most=0.25), 0.2, True, None),
        (Bar("memory", "p", most=0.25), 0.3, False, None),
        (Bar("speed", "p", least=0.85, goal=1.0), None, None, None),
    ],
)
def test_verdicts(bar, value, met, reached):
    found = contest.judged(bar, value)
    assert (found["met"], found["reached"], found["value"]) == (met, reached, value)


def test_what_a_bar_measures():
    found = {"us": {"bytes": 2, "peak": 9, "median": 0.5}, "p": {"bytes": 8}}
    ask = lambda of, peak_flops=None: contest.value(
        Bar(of, "p"), "us", found, {"p": {"ratio": 1.5}}, line(flops=100.0), peak_flops
    )
    assert (ask("speed"), ask("memory"), ask("peak")) == (1.5, 0.25, 9)
    assert ask("mfu", 400.0) == 0.5 and ask("mfu") is None


# processes


def test_a_line_is_measured_whoever_fails(fakes):
    ours = Contender("us", "fakes:quick")
    others = [Contender(name, f"fakes:{name}") for name in ("wrong", "missing", "dead")]
    peer = Contender("peer", "fakes:quick", (Variant("a"), Variant("b", options={"parameters": 5})))
    found = measured(line(ours, *others, peer, bars=(Bar("speed", "peer", least=0.0), Bar("speed", "dead"))))
    assert set(found["contenders"]) == {"us", "peer"} and set(found["against"]) == {"peer"}
    assert found["against"]["peer"]["rounds"] == len(found["contenders"]["us"]["seconds"]) == 2
    assert found["absent"]["wrong"] == "RuntimeError: no such luck"
    assert found["absent"]["missing"].endswith("not installed: pip install -e '.[bench]'")
    assert "(9)" in found["absent"]["dead"] and "out of memory" in found["absent"]["dead"]
    assert [bar["met"] for bar in found["bars"]] == [True, None]
    json.dumps(found)


def test_one_that_ends_in_a_round_leaves_a_full_contest_to_the_others(fakes, monkeypatch):
    monkeypatch.setattr(contest, "TURN", 0.0)
    found = measured(line(*(Contender(name, f"fakes:{name}") for name in ("quick", "mortal"))), rounds=3)
    assert len(found["contenders"]["quick"]["seconds"]) == 3 and "(9)" in found["absent"]["mortal"]


def test_a_process_ends_with_its_context(fakes):
    with pytest.raises(KeyboardInterrupt), Process() as process:
        assert process.ask(prepare="fakes:quick", options={}, mallopt=[])["parameters"] == 100
        raise KeyboardInterrupt
    assert process.process.poll() is not None
    with Process() as process, pytest.raises(Absent, match="AttributeError"):
        process.ask(prepare="fakes:nobody", options={}, mallopt=[])
    with Process() as process:  # left while it works
        process.process.stdin.write('{"prepare": "fakes:stuck", "options": {}, "mallopt": []}\n')
        process.process.stdin.flush()
    assert process.process.poll() == -signal.SIGKILL


def test_ctrl_c_keeps_what_is_done(monkeypatch, capsys):
    done = {"name": "a", "against": {}, "absent": {}}
    outcomes = iter([done, KeyboardInterrupt()])

    def measure(*_):
        if isinstance(outcome := next(outcomes), KeyboardInterrupt):
            raise outcome
        return outcome

    monkeypatch.setattr(contest, "measure", measure)
    kept, lines = [], speed.lines("cpu")[:3]
    assert bench.measured(lines, {}, 1, 1.0, None, kept.append) == 130 and kept == [done]
    assert f"--rows {lines[1].name} {lines[2].name}" in capsys.readouterr().err


# the file and its rendering


def result(**changes):
    own, other = {"median": 0.5, "rate": 20.0, "peak": 3e9}, {"median": 1.0, "rate": 10.0, "variant": "v_1"}
    return UNDER | {
        "name": "gpt", "group": "gpt", "title": "a | line", "options": {}, "unit": "tokens/s",
        "contenders": {"lookback": own | {"parameters": 100}, "torch": other | {"parameters": 99.5}},
        "against": {"torch": {"ratio": 2.0, "quartiles": [1.9, 2.1], "rounds": 3}},
        "bars": [
            contest.judged(Bar("speed", "torch", least=1.1, goal=1.3), 2.0),
            contest.judged(Bar("peak", most=2e9), 3e9),
        ],
        "absent": {"CTranslate2": "ctranslate2 not installed: pip install -e '.[bench]'"},
    } | changes  # fmt: skip


def test_the_table_says_what_was_asked_found_and_missed():
    text = report.render([result()])
    rows = [[cell.strip() for cell in row.split(" | ")] for row in text.splitlines() if "a \\| line" in row]
    assert [row[1:] for row in rows] == [
        ["20", "torch", "10", "tokens/s", "2.00", "1.90–2.10", "≥ 1.1, goal 1.3", "goal |"],
        ["20", "CTranslate2", "–", "tokens/s", "–", "–", "–", "– |"],
        ["20", "–", "–", "tokens/s", "–", "–", "peak ≤ 2 GB", "3 GB: no |"],
    ]
    assert "CTranslate2 is absent: `ctranslate2 not installed: pip install -e '.[bench]'`" in text
    assert "torch: the fastest of its variants, which was: v_1" in text
    assert text.count("2 x cpu (Z80), threads of each: 2, commit abc, 2026-01-01; torch 9") == 1
    assert "differ" not in text
    assert "Nothing measured" in report.render([])


def test_models_of_other_sizes_are_no_pair():
    unequal = result()
    unequal["contenders"]["torch"]["parameters"] = 98
    assert "parameters differ by over 1 % from torch" in report.render([unequal])


def test_a_file_keeps_the_lines_not_measured_again(tmp_path):
    path = tmp_path / "deep" / "speed-cpu.json"
    assert results.read(path) == {}
    results.write(path, {name: result(name=name) for name in ("b", "a", "gone")}, ["a", "b", "c"])
    assert list(results.read(path)) == ["a", "b"] and results.read(path)["a"] == result(name="a")
    results.write(path, results.read(path) | {"b": result(name="b", date="later")}, ["a", "b", "c"])
    assert [each["date"] for each in results.read(path).values()] == ["2026-01-01", "later"]


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 7, "lines": []}'])
def test_a_file_of_another_kind_is_refused(tmp_path, text):
    (tmp_path / "f.json").write_text(text)
    with pytest.raises(ValueError, match=r"f\.json(, line 1)?: not "):
        results.read(tmp_path / "f.json")


def test_the_plot_needs_attention(tmp_path):
    entry = {"median": 0.1, "rate": 30.0, "bytes": 10**6}
    options = lambda length: {"causal": True, "backward": length > 512, "length": length}
    points = [
        result(group="attention", options=options(length), contenders={"lookback": entry, "torch": entry})
        for length in (512, 1024, 2048)
    ]
    assert report.plot([*points, result(group="product")], tmp_path / "p.png")
    assert (tmp_path / "p.png").stat().st_size > 1000
    assert not report.plot([result()], tmp_path / "q.png") and not (tmp_path / "q.png").exists()


# the command line


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--peer-python", "no-such-python"], "--peer-python no-such-python: no such program"),
        (["--rounds", "0"], "--rounds: takes int, at least 1"),
        (["--seconds", "-1"], "--seconds: takes float, above 0"),
    ],
)
def test_refusals(lookback, arguments, message):
    code, _, error = lookback("bench", *arguments)
    assert code == 2 and message in error and "Traceback" not in error


def test_tables_are_rendered_without_measuring(lookback, tmp_path):
    code, said, _ = lookback("bench", "--render", "--out", tmp_path)
    assert (code, said) == (0, "")
    results.write(tmp_path / "speed-cpu.json", {"gpt": result()}, ["gpt"])
    code, said, error = lookback("bench", "--render", "--out", tmp_path)
    assert code == 0 and said == report.render([result()]) and "speed-cpu.json" in error
