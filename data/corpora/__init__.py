"""What is learned from: each corpus says what its splits hold, and how it is called in a protocol."""
