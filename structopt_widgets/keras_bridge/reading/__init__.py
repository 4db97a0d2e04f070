"""A model or a file becomes a graph of plain data."""
