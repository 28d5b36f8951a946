"""The peers' side of each line of the benchmark, a library a file."""
