"""Tables of word vectors, ELMo and BERT."""
