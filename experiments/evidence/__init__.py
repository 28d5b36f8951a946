"""What is kept of runs for good, and whether others come to the same."""
