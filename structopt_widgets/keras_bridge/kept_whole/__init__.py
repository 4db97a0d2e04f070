"""Layers that stay one call: what they do inside, tried out, counted."""
