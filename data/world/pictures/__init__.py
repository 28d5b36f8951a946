"""Pictures of the generated world."""
