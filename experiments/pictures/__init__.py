"""Pictures of runs: what is drawn, in which fonts, and how a notebook shows it."""
