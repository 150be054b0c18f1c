"""The RPCs of Figures 2 and 13, and the entries they carry."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Entry:
    term: int
    command: Any


@dataclass(frozen=True)
class RequestVote:
    term: int
    candidate_id: int
    last_log_index: int
    last_log_term: int


@dataclass(frozen=True)
class Vote:
    term: int
    granted: bool


@dataclass(frozen=True)
class AppendEntries:
    term: int
    prev_log_index: int
    prev_log_term: int
    entries: list[Entry]
    leader_commit: int


@dataclass(frozen=True)
class Appended:
    """On success all is set; else the leader continues from `retry_index`.

    `conflict_term` is the term of the follower's entry at prev_log_index, 0 if it
    has none, and `retry_index` the first index of that term, or after its log.
    """

    term: int
    success: bool
    conflict_term: int = 0
    retry_index: int = 0


@dataclass(frozen=True)
class InstallSnapshot:
    term: int
    last_included_index: int
    last_included_term: int
    data: bytes


@dataclass(frozen=True)
class Installed:
    term: int
