"""Where models and data meet: one run, one step, one loop, one checkpoint, one ledger."""
