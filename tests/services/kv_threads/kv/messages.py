"""What clerks and servers say to each other."""

from dataclasses import dataclass

OK = "OK"
NO_KEY = "ErrNoKey"
VERSION = "ErrVersion"
MAYBE = "ErrMaybe"
WRONG_LEADER = "ErrWrongLeader"


@dataclass
class GetArgs:
    key: str


@dataclass
class GetReply:
    err: str
    value: str = ""
    version: int = 0


@dataclass
class PutArgs:
    key: str
    value: str
    version: int


@dataclass
class PutReply:
    err: str
