"""Pools of GPUs, and the sessions on them."""
