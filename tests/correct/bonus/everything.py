"""A correct Raft with PreVote, leadership transfer and ReadIndex: see `raft/`."""

from raft import Raft as Raft
