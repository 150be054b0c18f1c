"""The properties that must hold at every moment of a run."""
