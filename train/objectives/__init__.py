"""From a batch to a loss's sum and count."""
