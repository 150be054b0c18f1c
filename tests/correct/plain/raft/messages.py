"""The RPCs' arguments and replies (Figures 2 and 13)."""

from dataclasses import dataclass
from typing import Any


@dataclass
class Entry:
    """One entry of the log."""

    term: int
    command: Any


@dataclass
class RequestVoteArgs:
    """What a candidate sends."""

    term: int
    candidate_id: int
    last_log_index: int
    last_log_term: int


@dataclass
class RequestVoteReply:
    """Whether the vote was given."""

    term: int
    vote_granted: bool


@dataclass
class AppendEntriesArgs:
    """What a leader sends; no entries make it a heartbeat."""

    term: int
    leader_id: int
    prev_log_index: int
    prev_log_term: int
    entries: list[Entry]
    leader_commit: int


@dataclass
class AppendEntriesReply:
    """Whether the entries fit; if not, where the leader should try next."""

    term: int
    success: bool
    conflict_index: int = 0


@dataclass
class InstallSnapshotArgs:
    """What a leader sends to a follower that lags behind its log."""

    term: int
    leader_id: int
    last_included_index: int
    last_included_term: int
    data: bytes


@dataclass
class InstallSnapshotReply:
    """The follower's term."""

    term: int
