"""Dataset backends."""
