"""Ours beside a peer or a floor, in one run: only the ratios and differences matter."""
