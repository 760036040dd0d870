"""The steps. Each is frozen once released: it spells its tables out and imports nothing of ours."""
