"""Corpora whose sentences come with their structure."""
