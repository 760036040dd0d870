"""How each outside API spells the domain, both ways. No I/O."""
