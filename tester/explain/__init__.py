"""Explanations of a failed run: sentences that its trace proves."""
