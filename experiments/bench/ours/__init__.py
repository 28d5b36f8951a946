"""Our side of each line of the benchmark."""
