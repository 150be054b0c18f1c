"""Messages between clerks and servers: yours to change."""

from dataclasses import dataclass

OK = "OK"
NO_KEY = "ErrNoKey"
VERSION = "ErrVersion"
MAYBE = "ErrMaybe"
WRONG_LEADER = "ErrWrongLeader"


@dataclass
class GetArgs:
    """Ask for a key."""

    key: str


@dataclass
class GetReply:
    """The key's value and version, or an error."""

    err: str
    value: str = ""
    version: int = 0


@dataclass
class PutArgs:
    """Replace a value, if the key has this version; 0 creates the key."""

    key: str
    value: str
    version: int


@dataclass
class PutReply:
    """Whether the value was replaced."""

    err: str
