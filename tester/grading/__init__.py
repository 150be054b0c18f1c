"""Grading a batch of submissions, from the plan to finished results."""
