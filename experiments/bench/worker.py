"""The process of one contender: it prepares what it is told to and times it, a line of JSON in, a line out.

Any interpreter can run it: before the contender is imported there is only the standard library.
"""

import ctypes
import importlib
import json
import os
import re
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from experiments.bench.work import Work


def answer(order: dict, state: dict) -> dict:
    """{"prepare": "module:function", "options", "mallopt"} gives its facts; {"repeats": n} mean seconds."""
    if "repeats" in order:
        return {"seconds": timed(state["work"], order["repeats"])[0]}
    for setting in order["mallopt"]:
        ctypes.CDLL(None).mallopt(*setting)
    module, _, function = order["prepare"].partition(":")
    work = getattr(importlib.import_module(module), function)(**order["options"])
    before, highest = resident("VmRSS"), resident("VmHWM")
    forget_peak()
    first, result = timed(work, 1)
    peak = resident("VmHWM")
    work.check(result)
    taken = work.memory() if work.memory else peak - before if peak else None
    state["work"] = work
    warm, _ = timed(work, 1)
    return work.facts | {"first": first, "warm": warm, "bytes": taken, "peak": max(peak, highest)}


def timed(work: Work, repeats: int) -> tuple[float, Any]:
    """(mean seconds of a run, what the last one gave)."""
    begun = time.perf_counter()
    for _ in range(repeats):
        result = work.run()
    work.wait(result)
    return (time.perf_counter() - begun) / repeats, result


def resident(field: str) -> int:
    """Bytes of resident memory, now (VmRSS) or at most (VmHWM); 0 where Linux does not say."""
    try:
        found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def forget_peak() -> None:
    """Let VmHWM begin again at what is resident now  -- proc(5), clear_refs."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


def main() -> None:
    """Answer orders, a line of JSON each, until the standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which ends this process
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is no reply
    state: dict = {}
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line), state)
        except ModuleNotFoundError as error:
            traceback.print_exc()
            reply = {"missing": error.name}
        except Exception as error:
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}".partition("\n")[0]}
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main()
