"""What knows nothing of a text: the likeliest class, the likeliest tag, the mean score."""
