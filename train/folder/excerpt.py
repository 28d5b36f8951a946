"""What of a finished run is kept for good: a small folder that reads as the run's own, without its weights.

run.json as it is; metrics.jsonl with its results, its cost and curves of few points; and the counts that the
scores are made of. No text and no parameter. The same run gives the same bytes, and the seals are those of
any run folder, so that whatever reads a run reads this.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from data.files import whole
from train.folder import ledger, manifest, outputs
from train.folder.ledger import LEDGER, Line

POINTS = 16  # of each curve at most, the first and the last among them: thousands of records stay small
CURVES = ("train", "valid")


def write(run_dir: Path, into: Path) -> None:
    """Write the excerpt of a finished run; ValueError where it is not finished, or something is damaged."""
    lines = ledger.complete_lines(run_dir / LEDGER)
    if not lines or lines[-1]["kind"] != "cost":
        raise ValueError(f"{run_dir}: the run is not finished; only what is has an excerpt")
    for line in lines:
        if line["kind"] == "outputs":
            outputs.require_same(run_dir, line["digests"])
    shutil.rmtree(into, ignore_errors=True)
    (into / outputs.FOLDER).mkdir(parents=True)
    kept = sorted((run_dir / outputs.FOLDER).glob("*.counts"))
    for path in kept:
        whole.write(into / outputs.FOLDER / path.name, path.read_text(encoding="utf-8"))
    manifest.write(into, manifest.read(run_dir))
    digests = outputs.digests(into)
    rest = [line for line in thinned(lines) if line["kind"] != "outputs"]
    ledger.write(into, [*rest[:-1], {"kind": "outputs", "digests": digests}, rest[-1]])


def thinned(lines: Sequence[Line]) -> list[Line]:
    """The lines with at most POINTS of each curve, evenly spaced, of each step the last that was written."""
    last = {(line["kind"], line["step"]): at for at, line in enumerate(lines) if line["kind"] in CURVES}
    chosen = set()
    for kind in CURVES:
        places = sorted(at for (which, _), at in last.items() if which == kind)
        few = min(POINTS, len(places))
        chosen |= {places[round(one * (len(places) - 1) / max(few - 1, 1))] for one in range(few)}
    return [line for at, line in enumerate(lines) if line["kind"] not in CURVES or at in chosen]
