"""The `aip` command: for terminals and scripts, over the same services as the notebook."""
