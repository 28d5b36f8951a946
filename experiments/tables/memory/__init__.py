"""Tables of how far back language models look, and of what they keep of it."""
