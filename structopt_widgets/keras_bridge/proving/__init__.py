"""What was read, run against the model's own calls."""
