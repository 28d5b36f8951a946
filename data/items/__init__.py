"""What corpora are made of: a labelled text, a tagged sentence, a question."""
