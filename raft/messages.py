"""The arguments and results of the three RPCs (Figures 2 and 13)."""

from dataclasses import dataclass

from raft.log import Entry


@dataclass
class RequestVoteArgs:
    """A candidate asks for a vote (section 5.2)."""

    term: int
    candidate_id: int
    last_log_index: int
    last_log_term: int


@dataclass
class RequestVoteReply:
    """Whether the candidate received the vote."""

    term: int
    vote_granted: bool


@dataclass
class AppendEntriesArgs:
    """The leader replicates entries; without any, a heartbeat (section 5.3)."""

    term: int
    leader_id: int
    prev_log_index: int
    prev_log_term: int
    entries: list[Entry]
    leader_commit: int


@dataclass
class AppendEntriesReply:
    """Whether the follower's log matched, and if not, where to go back to.

    `conflict_index` is where the leader should try next; `conflict_term` is
    the term of the follower's entry at prev_log_index, 0 if it has none (the
    optimization at the end of section 5.3).
    """

    term: int
    success: bool
    conflict_index: int = 0
    conflict_term: int = 0


@dataclass
class InstallSnapshotArgs:
    """The leader sends its snapshot, in one piece (Figure 13)."""

    term: int
    leader_id: int
    last_included_index: int
    last_included_term: int
    data: bytes


@dataclass
class InstallSnapshotReply:
    """The follower's term, for the leader to update itself."""

    term: int
