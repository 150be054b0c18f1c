"""The situations that a run may meet, each with a name and a sentence."""

from collections.abc import Iterable

# Those of Raft, in runs of both labs.
SITUATIONS = {
    "elected-at-once": "a candidate is elected at the first try",
    "elected-after-split-vote": "a candidate is elected after an election without a winner",
    "candidate-yields": "a candidate receives AppendEntries from the leader of its term",
    "deposed-by-reply": "a leader learns of a later term from a reply",
    "deposed-by-request": "a leader learns of a later term from a request",
    "vote-refused-given": "a vote is refused because another candidate has it",
    "vote-refused-older-term": "a vote is refused because the candidate's last term is older",
    "vote-refused-shorter": "a vote is refused because the candidate's log is shorter",
    "longer-log-loses": "a longer log counts less than one with a later last term",
    "vote-request-of-older-term": "a request for a vote arrives in a later term",
    "vote-reply-too-late": "a vote's reply arrives after its term is over",
    "vote-request-twice": "a request for a vote arrives twice and gets the same answer",
    "term-skipped": "a server's term rises by more than one",
    "append-refused-short": "AppendEntries are refused: the log is too short",
    "append-refused-conflict": "AppendEntries are refused: the log has another term there",
    "backed-up-over-terms": "entries of two or more terms are replaced after a refusal",
    "backed-up-far": "a leader goes back over ten entries in at most three refusals",
    "suffix-replaced": "entries that were not committed are replaced",
    "append-brings-nothing": "AppendEntries bring only what is there already",
    "append-shorter-prefix": "AppendEntries bring a part of what is there, and more follows it",
    "replies-out-of-order": "replies to AppendEntries arrive in another order",
    "append-of-deposed-leader": "AppendEntries of an earlier term arrive",
    "older-term-committed": "an entry of an older term is on a majority, then committed",
    "older-term-replaced": "an entry of an older term is on a majority, then replaced",
    "commit-beyond-entries": "leader_commit is beyond the entries that are sent",
    "bare-majority-commit": "an entry is applied as soon as a bare majority stores it",
    "command-lost": "a command that a leader accepted is replaced",
    "restart-having-voted": "a server restarts that has voted in its term",
    "restart-with-uncommitted": "a server restarts with entries that it has not applied",
    "crash-before-reply": "a server crashes between saving and replying",
    "crash-between-saves": "a server crashes between two saves of one step",
    "snapshot-below-entries": "a snapshot is taken while entries above it are not applied",
    "restart-from-snapshot": "a server restarts with a log that begins above 1",
    "snapshot-to-one-behind": "InstallSnapshot arrives at a server with a shorter log",
    "snapshot-to-one-ahead": "InstallSnapshot arrives at a server with a longer log",
    "snapshot-with-matching-tail": "InstallSnapshot arrives at a log that fits and goes on",
    "append-inside-snapshot": "AppendEntries begin inside the receiver's snapshot",
    "conflict-inside-snapshot": "a conflict lies below the leader's snapshot",
    "snapshot-skipped": "a snapshot arrives that covers only what is applied already",
    "two-leaders": "two servers lead at one moment, in different terms",
    "heard-not-answered": "a request is executed, and its reply is lost",
    "all-down-and-up": "all servers are down, and start again",
}
# Those of clients and of the service above Raft, in runs of lab 3.
SERVICE_SITUATIONS = {
    "put-refused": "a put is refused because the key has another version",
    "puts-compete": "two puts of one version of a key are under way at one moment",
    "no-key": "a get finds no key",
    "sent-again-after-lost-request": "a put whose request was lost is sent again",
    "sent-again-after-lost-reply": "a put whose reply was lost is sent again",
    "put-arrives-twice": "a put that has arrived at a leader arrives at a leader again",
    "maybe-performed": "a put returned ErrMaybe, and a get shows that it was performed",
    "maybe-not-performed": "a put returned ErrMaybe, and a get shows another in its place",
    "all-servers-asked": "a client has asked every server, and asks again",
    "answered-by-later-leader": "an operation is called under one leader and returns under the next",
    "follower-asked": "a request of a client arrives at a server that does not lead",
    "deposed-leader-asked": "a request of a client arrives at a leader of an older term",
    "deposed-leader-read": "a get arrives at a leader of an older term after its successor answered a put",
    "asked-without-majority": "a request of a client arrives at a leader that reaches no majority",
    "asked-while-behind": "a leader is asked before it has applied what others have",
    "requests-wait-together": "several requests wait in one leader at one moment",
    "deposed-while-waiting": "a server loses its leadership while requests wait in it",
    "answered-after-leading": "a request is answered after its server has lost its leadership",
    "another-at-index": "where a waiting request's entry was, another leader's is applied",
    "applied-under-successor": "an entry of a waiting request is applied after its leader was deposed",
    "crash-while-waiting": "a server crashes while requests wait in it",
    "kill-while-waiting": "a server is shut down while requests wait in it",
    "snapshot-while-waiting": "a server takes a snapshot while requests wait in it",
    "snapshot-given-while-waiting": "a server is given a snapshot while requests wait in it",
    "asked-after-snapshot": "a server that a snapshot was restored on leads and is asked",
    "log-performed-again": "a server restarts without a snapshot and performs the log again",
    "log-after-snapshot": "a server restarts from a snapshot and performs the log after it",
}
# What shows of Raft from outside, whatever names a submission gives to its RPCs and their fields.
FROM_OUTSIDE = frozenset([
    "crash-before-reply", "crash-between-saves", "heard-not-answered", "all-down-and-up",
])  # fmt: skip
# What may show from outside: by what `start` returns, and by snapshots.
AT_TIMES_FROM_OUTSIDE = frozenset([
    "command-lost", "restart-from-snapshot", "restart-with-uncommitted",
    "snapshot-below-entries",
])  # fmt: skip


def situations_of(met: Iterable[str]) -> dict[str, str]:
    """Return the situations that runs may meet which have met these.

    A run of lab 3 meets some of the service's; one of lab 2 meets none of them.
    """
    with_service = not SERVICE_SITUATIONS.keys().isdisjoint(met)
    return SERVICE_SITUATIONS | SITUATIONS if with_service else SITUATIONS
