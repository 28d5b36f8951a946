"""What a user types, and how a mistake in it is answered."""
