"""What is counted on outputs once they exist: numpy and metric libraries only, no jax."""
