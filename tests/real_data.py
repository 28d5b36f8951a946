"""Where tests look for real data: LOOKBACK_DATA, or `shared/data` beside the repository."""

import os
from pathlib import Path

REAL = Path(os.environ.get("LOOKBACK_DATA") or Path(__file__).parents[2] / "shared" / "data")
