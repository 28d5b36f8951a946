"""Commands on runs that are there: how far they are, what they say of the lectures, and the page."""
