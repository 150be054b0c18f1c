"""The task of each part, and the rules and failures that first matter there."""

from dataclasses import dataclass

from labrpc.codes import DEADLOCK, Code
from tester import codes

CONTRACT = "docs/contract.md"
BONUS_CONTRACT = "docs/contract_bonus.md"
SERVICE_CONTRACT = "docs/contract_kv.md"
# They can break any rule, and come after all other parts.
ADVERSARIES = ("2S", "2X", "3S", "3X")


@dataclass(frozen=True)
class Task:
    """What a student writes for a part.

    Attributes:
        what: it, and where.
        subject: what a correct one is called.
        documents: what it gets and must do.
    """

    what: str
    subject: str
    documents: tuple[str, ...]


# By the service that the tests of a part ask for.
TASKS = {
    "": Task("the class `Raft` in `raft/raft.py`", "Raft", (CONTRACT,)),
    "rsm": Task(
        "the class `RSM` in `rsm/rsm.py`",
        "replicated state machine",
        (SERVICE_CONTRACT, CONTRACT),
    ),
    "kv": Task(
        "the classes `KVServer` and `Clerk` in the package `kv/`",
        "service",
        (SERVICE_CONTRACT, CONTRACT),
    ),
}
# In which part each rule that a trace can prove broken first comes into play.
RULES_OF_PART = {
    "2A": (
        "answered-in-older-term", "candidates-at-once", "elected-without-leading",
        "elections-in-quick-succession", "handler-returned-none", "heartbeats-end",
        "ignored-higher-term", "led-two-terms-without-election", "led-without-majority",
        "left-without-heartbeats", "lock-held", "never-stands", "obeyed-older-term",
        "refused-free-vote", "refused-votes-restart-timer", "requests-repeated",
        "stood-though-it-heard", "terms-rise-without-failure", "two-send-as-leaders", "voted-twice",
    ),
    "2B": (
        "accepted-without-match", "applied-other-entry", "applied-uncommitted",
        "commit-not-followed", "conflict-not-replaced", "counted-unsent",
        "majority-not-committed", "misstated-log", "negative-prev-log-index",
        "refused-again-and-again", "refused-what-it-has", "refused-without-conflict",
        "sent-what-its-log-lacks", "shortened-agreeing-log",
        "start-returned-another-index", "voted-for-older-log",
    ),
    "2C": (
        "accepted-without-saving", "committed-older-term", "lost-in-restart",
        "saved-nothing", "stood-without-saving", "term-lost-in-restart",
        "voted-without-saving",
    ),
    "2D": (
        "applied-below-snapshot", "crashed-between-saves", "installed-without-saving",
        "shifted-after-snapshot", "snapshot-again-and-again",
    ),
}  # fmt: skip
# In which part of lab 3 each failure of a service can come up first.
FAILURES_OF_PART: dict[str, tuple[Code, ...]] = {
    "3A": (
        codes.WRONG_REPLY, codes.COUNTERS_DIFFER, codes.OK_WITHOUT_COMMIT,
        codes.SUBMIT_STUCK, DEADLOCK, codes.SNAPSHOT_UNWANTED, codes.LOG_NOT_CUT,
    ),
    "3B": (
        codes.WRONG_ANSWER, codes.STALE_READ, codes.LOST_WRITE, codes.LOST_REPLY,
        codes.NEVER_WRITTEN, codes.VERSION_GIVEN_TWICE, codes.REFUSED_IN_VAIN,
        codes.MAYBE_IN_VAIN, codes.MAYBE_ON_FIRST_TRY, codes.ANSWERED_WITHOUT_MAJORITY,
        codes.OPERATION_STUCK, codes.OPERATIONS_TOO_SLOW,
    ),
    "3C": (codes.SNAPSHOT_TOO_LARGE,),
}  # fmt: skip
