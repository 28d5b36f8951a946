"""A trained run, asked: it translates, tags, goes on, embeds."""
