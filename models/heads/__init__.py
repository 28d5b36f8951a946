"""What is said of an encoder's states: classes, tags, spans, masked tokens."""
