"""A run directory as training leaves it, without a model: run.json and metrics.jsonl, sealed."""

import json

from train.folder import ledger, manifest, outputs


def write_run(folder, *lines, tail=b"", **described):
    """The folder, made where it is not there; `tail` stands behind the lines as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest.write(folder, {"format": manifest.FORMAT, "run": {}} | described)
    ledger.write(folder, lines)
    with open(folder / ledger.LEDGER, "ab") as file:
        file.write(tail)
    return folder


def keep_counts(folder, counts, metric, name="test"):
    """The counts of a score beside the run."""
    outputs.keep_counts(folder, metric, name, counts.lines())
    return folder


def replace_in_ledger(folder, old, new):
    """The ledger with a text for another in every line, sealed again."""
    lines = ledger.complete_lines(folder / ledger.LEDGER)
    ledger.write(folder, json.loads(json.dumps(lines, ensure_ascii=False).replace(old, new)))


def change_run_json(folder, **fields):
    """run.json with other fields, sealed again, and the ledger to it."""
    lines = ledger.complete_lines(folder / ledger.LEDGER)
    manifest.write(folder, manifest.read(folder) | fields)
    ledger.write(folder, lines)
