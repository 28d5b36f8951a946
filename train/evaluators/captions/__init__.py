"""What judges captions: against those of people, and by where on a picture each word looked."""
