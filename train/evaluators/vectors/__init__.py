"""Scores of vectors and of layers."""
