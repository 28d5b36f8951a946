"""Labelled texts in which some words are marked: what a class follows from, or what is to be hidden."""
