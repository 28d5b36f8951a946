"""The only training loop: steps, fitting by counting, progress."""
