"""A benchmark's results as tables and as pictures."""

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path

from experiments.pictures import plots
from experiments.report.markup import Code, Grid, markdown

CHAPTERS = {
    "Speed of attention": ("attention", "long", "product"),
    "Speed of training": ("gpt", "transformer", "lstm", "gpt2", "word2vec"),
    "Speed of decoding": ("greedy", "beam", "generation"),
}
HEADER = ("", "lookback", "against", "its", "unit", "ratio", "quartiles", "bar", "met")


def render(results: Sequence[dict], level: int = 3, width: int | None = None, text: int | None = None) -> str:
    """Markdown: a table a chapter, a row for each pair, and below the last what the numbers mean."""
    grids = []
    for title, groups in CHAPTERS.items():
        rows = tuple(row for result in results if result["group"] in groups for row in rows_of(result))
        grids += [Grid(title, HEADER, rows)] if rows else []
    if not grids:
        return "Nothing measured yet: `make bench`\n"
    grids[-1] = dataclasses.replace(grids[-1], notes=tuple(notes(results)))
    return markdown(grids, level, width, text)


def rows_of(result: dict) -> list[tuple[str, ...]]:
    """One row for each peer, and one for each bar that has none."""
    own, *peers = peers_of(result)
    ours = result["contenders"].get(own)
    speed = number(ours["rate"]) if ours else "–"
    rows = []
    for peer in peers:
        theirs, pair = result["contenders"].get(peer), result["against"].get(peer)
        bars = [bar for bar in result["bars"] if bar["peer"] == peer]
        rows.append((
            result["title"], speed, peer, number(theirs["rate"]) if theirs else "–", result["unit"],
            f"{pair['ratio']:.2f}" if pair else "–",
            "{:.2f}–{:.2f}".format(*pair["quartiles"]) if pair else "–",
            "; ".join(map(asked, bars)) or "–", "; ".join(map(verdict, bars)) or "–",
        ))  # fmt: skip
    alone = [bar for bar in result["bars"] if bar["peer"] is None]
    if alone or not rows:
        bars = "; ".join(map(asked, alone)) or "–", "; ".join(map(verdict, alone)) or "–"
        rows.append((result["title"], speed, "–", "–", result["unit"], "–", "–", *bars))
    return rows


def peers_of(result: dict) -> list[str]:
    """The contenders in their order, ours first, those that could not take part among them."""
    return list(dict.fromkeys(["lookback", *result["contenders"], *result["absent"]]))


def asked(bar: dict) -> str:
    """A bar in words: what is to be reached at least, or at most."""
    of = "" if bar["of"] == "speed" else f"{bar['of']} "
    if bar["of"] == "peak":
        return f"{of}≤ {size(bar['most'])}"
    if bar["most"] is not None:
        return f"{of}≤ {bar['most']:g}"
    show = "{:.0%}".format if bar["of"] == "mfu" else "{:g}".format
    least = "" if bar["least"] is None else f"≥ {show(bar['least'])}"
    goal = "" if bar["goal"] is None else f"goal {show(bar['goal'])}"
    return of + ", ".join(filter(None, (least, goal)))


def verdict(bar: dict) -> str:
    """yes, no, or – where nothing was asked or measured; what was measured, where no column says it."""
    words = {True: "yes", False: "no", None: "–"}[bar["met"]]
    if bar["reached"]:
        words = "goal"
    if bar["value"] is None or bar["of"] == "speed":
        return words
    shown = {"peak": size, "mfu": "{:.0%}".format}.get(bar["of"], "{:.2f}".format)(bar["value"])
    return f"{shown}: {words}"


def notes(results: Sequence[dict]) -> Iterable[tuple]:
    """What a reader has to know: what a ratio is, who was absent and why, and under what all was measured."""
    yield ("Ratio: the other's seconds over ours, median of rounds that alternate; above 1 we are faster.",)
    if any(bar["of"] == "memory" for result in results for bar in result["bars"]):
        yield (
            "Memory: temporaries of the compiled program, ours over the other's; of PyTorch, in the plot, "
            "what its process's resident memory grew by.",
        )
    chosen = {
        (name, contender["variant"])
        for result in results
        for name, contender in result["contenders"].items()
        if contender.get("variant")
    }
    for name in sorted({name for name, _ in chosen}):
        variants = ", ".join(sorted(variant for other, variant in chosen if other == name))
        yield (f"{name}: the fastest of its variants, which was: {variants}.",)
    absences = {(name, reason) for result in results for name, reason in result["absent"].items()}
    for name, reason in sorted(absences):
        yield (f"{name} is absent: ", Code(reason))
    for result in results:
        if unequal := [name for name, theirs in differing(result) if theirs]:
            yield (f"{result['title']}: parameters differ by over 1 % from {', '.join(unequal)}.",)
    for line in dict.fromkeys(map(where, results)):
        yield (line,)


def differing(result: dict) -> Iterable[tuple[str, bool]]:
    """(peer, whether its parameters are over 1 % more or fewer than ours)."""
    ours = result["contenders"].get("lookback", {}).get("parameters")
    for name, contender in result["contenders"].items():
        theirs = contender.get("parameters")
        yield name, bool(ours and theirs and abs(theirs / ours - 1) > 0.01)


def where(result: dict) -> str:
    """On what, by what code and with which versions a line was measured."""
    versions = " ".join(f"{name} {version}" for name, version in result["versions"].items())
    return (
        f"{result['device']}, threads of each: {result['cores']}, commit {result['commit'] or 'unknown'}, "
        f"{result['date']}; {versions}"
    )


def number(rate: float) -> str:
    """A rate as people read it: whole from 100 on, else three digits."""
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.3g}"


def size(count: float) -> str:
    """Bytes in GB, two digits."""
    return f"{count / 1e9:.2g} GB"


def plot(results: Sequence[dict], path: Path) -> bool:
    """Time, memory and operations a second of attention against N; False where no attention was measured.

    Forward + backward solid, forward dashed, all causal. The roof is the fastest product of anyone.
    """
    causal = [r for r in results if r["group"] == "attention" and r["options"]["causal"]]
    if not causal:
        return False
    names = list(dict.fromkeys(name for result in causal for name in result["contenders"]))
    caption = f"Causal attention; dashed: forward alone. {where(causal[0])}"
    with plots.drawn(path, 3, (plots.PAGE, 6.6), False, 2, caption) as (_, panels):
        for index, name in enumerate(names):
            for backward, style in ((True, "-"), (False, "--")):
                found = [
                    r for r in causal if r["options"]["backward"] == backward and name in r["contenders"]
                ]
                lengths = [result["options"]["length"] for result in found]
                entries = [result["contenders"][name] for result in found]
                curves = (
                    [1e3 * entry["median"] for entry in entries],
                    [entry.get("bytes", float("nan")) / 1e6 for entry in entries],
                    [entry["rate"] for entry in entries],
                )
                look = {"linestyle": style, "markersize": 4, **plots.look(index)}
                for panel, curve in zip(panels, curves, strict=True):
                    panel.plot(lengths, curve, label=name if backward else None, **look)
        roofs = [c["rate"] for r in results if r["group"] == "product" for c in r["contenders"].values()]
        if roofs:
            panels[2].axhline(max(roofs), color="#666666", linewidth=1, label="large product")
        titles = "Milliseconds", "Memory beyond the inputs, MB", "GFLOP/s"
        for panel, title in zip(panels, titles, strict=True):
            panel.set_title(title)
            panel.set_xlabel("N")
            panel.set_xscale("log", base=2)
            panel.xaxis.set_major_formatter("{x:,.0f}")
        panels[0].set_yscale("log")
        panels[1].set_yscale("log")
        panels[2].set_ylim(bottom=0)
        beside = panels[2].legend(loc="center left", bbox_to_anchor=(1.15, 0.5), title="Causal attention")
        beside.set_in_layout(False)  # in the place of a fourth panel
    return True
