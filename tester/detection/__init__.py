"""Measuring which bugs the graded suite finds."""
