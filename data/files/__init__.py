"""Files of published sets: where they are, how they come here, and the formats of vectors and n-grams."""
