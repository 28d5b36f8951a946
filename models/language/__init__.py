"""Language models, from counting to GPT-2."""
