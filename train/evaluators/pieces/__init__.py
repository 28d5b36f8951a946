"""Measures of how words are cut into pieces."""
