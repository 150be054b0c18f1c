"""Recording the events of a run, and reading what was recorded."""
