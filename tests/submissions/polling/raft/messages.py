"""What servers say to each other, and the small values those messages are made of."""

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Role(Enum):
    """What a server takes itself to be in its current term."""

    FOLLOWER = "follower"
    CANDIDATE = "candidate"
    LEADER = "leader"


@dataclass(frozen=True, order=True)
class Position:
    """A place in a log. The order is the paper's "up-to-date": term, then index."""

    term: int = 0
    index: int = 0


@dataclass(frozen=True)
class Entry:
    """One command and the term of the leader that took it."""

    term: int
    command: Any


@dataclass(frozen=True)
class VoteArgs:
    """A candidate asks for a vote."""

    term: int
    candidate: int
    last: Position


@dataclass(frozen=True)
class VoteReply:
    """The vote, or a refusal with the term that may be the reason."""

    term: int
    granted: bool


@dataclass(frozen=True)
class AppendArgs:
    """A leader's entries that follow `prev`; none of them make a heartbeat."""

    term: int
    prev: Position
    entries: list[Entry]
    commit: int


@dataclass(frozen=True)
class Conflict:
    """Where a follower's log leaves the leader's.

    `term` is that of the follower's entry at the leader's `prev` and `index` the
    first one it holds of that term; without an entry there, `term` is None and
    `index` the first one that it lacks.
    """

    term: int | None
    index: int


@dataclass(frozen=True)
class AppendReply:
    """Success unless there is a conflict, or a term above the leader's."""

    term: int
    conflict: Conflict | None = None


@dataclass(frozen=True)
class SnapshotArgs:
    """Stands for all entries up to `last`, for who needs some that are gone."""

    term: int
    last: Position
    data: bytes


@dataclass(frozen=True)
class SnapshotReply:
    """The follower has all that the snapshot has, if the terms agree."""

    term: int
