"""A correct Raft with random time-outs, in which a candidate yields to a higher rank too."""

from raft.election import Raft as Ranked


class Raft(Ranked):
    """A ranked server with a range of time-outs."""

    election_timeout_s_max = 0.6
