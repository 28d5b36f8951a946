"""LOOKBACK_SMOKE=1: every command of README and of --help runs in seconds, as it stands; CI runs them so.

Of the rows and seeds that are asked for a run trains the first, a few steps of it, as the table's `smoke`
says, and keeps it as any other. What measures the machine measures small, and keeps nothing.
"""

import os


def asked() -> bool:
    """Whether LOOKBACK_SMOKE is set."""
    return os.environ.get("LOOKBACK_SMOKE", "") not in ("", "0")
