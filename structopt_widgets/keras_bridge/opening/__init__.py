"""Layers without a rule are opened to the operations of their call."""
