"""A session: its agent and its kernel on one side, the link and the relay on the other."""
