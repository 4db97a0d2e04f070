"""Which units stay, and their weights."""
