"""What people meet in a notebook: magics, the Python API, tables and forms."""
