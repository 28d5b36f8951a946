"""Our side of each contest, through the functions that the trainer and the translator call."""
