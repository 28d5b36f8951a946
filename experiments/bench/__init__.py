"""How the benchmark is run: a process for each contender, alternating turns, ratios, a file, a table."""
