"""The experiments of the Raft paper, repeated in virtual time."""
