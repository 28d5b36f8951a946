"""Where classifiers look, and whether it matters."""
