"""From ids to states: words, ELMo, BERT, and their layers."""
