"""Measuring what a Raft or a service on it is like: how fast it is, and at what cost."""
