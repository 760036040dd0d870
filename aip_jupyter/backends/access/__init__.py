"""Access backends."""
