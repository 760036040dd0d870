"""Where bytes live, named by their SHA-256."""
