"""Measuring what a Raft is like: how fast it elects, commits and recovers, at what cost."""
