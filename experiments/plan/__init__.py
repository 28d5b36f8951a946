"""What a run would be on devices that are not there: compiled for them, read, and told."""
