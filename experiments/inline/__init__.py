"""What notebooks show in their cells: claims, tables, and runs of the reader's or tiny ones."""
