"""Commands that ask a trained run."""
