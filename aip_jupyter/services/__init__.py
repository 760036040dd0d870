"""Seam two: the use cases, one method each, over any backend. The same interface is spoken over HTTP."""
