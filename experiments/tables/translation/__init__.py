"""Tables of translation."""
