"""Views of a recorded run: each reads a trace, and never a world."""
