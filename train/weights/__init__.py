"""Weights that a run begins with, and published ones in and out."""
