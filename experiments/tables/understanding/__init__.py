"""Tables of classes, tags and questions."""
