"""The verbs, checks and faults that a graded test speaks."""
