"""The reference Raft with all three extensions of the bonus parts."""

from raft.leadership_transfer import LeadershipTransfer
from raft.pre_vote import PreVote
from raft.read_index import ReadIndex


class Raft(LeadershipTransfer, ReadIndex, PreVote):
    """A server with PreVote, leadership transfer and ReadIndex."""


__all__ = ["Raft"]
