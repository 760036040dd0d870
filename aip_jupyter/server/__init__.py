"""The Jupyter server extension: one route per use case, its events, and how kernels find it."""
