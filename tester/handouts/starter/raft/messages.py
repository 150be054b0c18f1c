"""Arguments and results of the RPCs (Figure 2 of the Raft paper).

You can send anything that pickle can; plain dataclasses are the fastest.
"""

from dataclasses import dataclass


@dataclass
class RequestVoteArgs:
    """A candidate's request for a vote (section 5.2)."""

    term: int
    candidate_id: int
    # Your fields here (2A; section 5.4.1 needs more for 2B).


@dataclass
class RequestVoteReply:
    """The answer to a candidate."""

    term: int
    vote_granted: bool


@dataclass
class AppendEntriesArgs:
    """A leader's heartbeat, or entries to append (section 5.3)."""

    term: int
    leader_id: int
    # Your fields here (2B).


@dataclass
class AppendEntriesReply:
    """The answer to a leader."""

    term: int
    success: bool


# Add InstallSnapshot (Figure 13) here in 2D.
