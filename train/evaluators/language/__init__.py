"""Scores of language models."""
