"""The words of the platform as types and rules. Imports nothing of ours but `errors`; does no I/O."""
