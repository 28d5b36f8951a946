"""Vectors of words: counted, factored, learned."""
