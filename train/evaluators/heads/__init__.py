"""What single heads of attention do."""
