"""Which situations of Raft, and of a service on it, runs have met."""
