"""Everything one runs: tables, their reports, commands and the benchmark."""
