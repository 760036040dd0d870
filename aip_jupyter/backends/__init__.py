"""Seam one: data access. A protocol per folder, then one file per implementation, found by entry point."""
