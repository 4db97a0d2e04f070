"""A structure becomes a model, or its code."""
