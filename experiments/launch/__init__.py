"""Runs on one machine or many: what is to be run, in which order, and by whom."""
