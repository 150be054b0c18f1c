"""Arguments and results of the RPCs (Figure 2 of the Raft paper).

Anything that pickle can send may be sent; plain dataclasses are sent fastest.
"""

from dataclasses import dataclass


@dataclass
class RequestVoteArgs:
    """What a candidate sends to ask for a vote (section 5.2)."""

    term: int
    candidate_id: int
    # Your fields here (2A; section 5.4.1 needs more for 2B).


@dataclass
class RequestVoteReply:
    """What it gets back."""

    term: int
    vote_granted: bool


@dataclass
class AppendEntriesArgs:
    """What a leader sends: a heartbeat, or entries to append (section 5.3)."""

    term: int
    leader_id: int
    # Your fields here (2B).


@dataclass
class AppendEntriesReply:
    """What it gets back."""

    term: int
    success: bool


# InstallSnapshot (Figure 13) comes here in 2D.
