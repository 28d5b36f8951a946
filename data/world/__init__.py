"""The generated world: derivations said in three languages, all gold answers read off them."""
