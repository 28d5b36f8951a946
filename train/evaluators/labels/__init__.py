"""Scores of classes, tags, spans."""
