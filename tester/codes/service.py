"""Codes of what clients of the key/value service see (`tester.oracles.linearizability`).

Beside stale reads, which a Raft with ReadIndex may show as well (`tester.codes.raft`).
"""

from labrpc.codes import Code, Kind

LOST_WRITE = Code(
    "lost-write",
    Kind.FAILURE,
    "A put returned OK, and another put's value stands in its place.",
    "section 8",
    "Linearizability",
)
VERSION_GIVEN_TWICE = Code(
    "version-given-twice",
    Kind.FAILURE,
    "Two puts wrote the same version of a key, or one wrote a version already replaced.",
    "section 8",
    "Linearizability",
)
LOST_REPLY = Code(
    "lost-reply",
    Kind.FAILURE,
    "A put returned ErrVersion though it was applied, or no other one can have been.",
    "section 8",
    "Linearizability",
)
NEVER_WRITTEN = Code(
    "never-written",
    Kind.FAILURE,
    "A client was shown a value, or a version, that no put can have written.",
    "section 8",
    "Linearizability",
)
REFUSED_IN_VAIN = Code(
    "refused-in-vain",
    Kind.FAILURE,
    "A put was refused although it gave the version that the key had all the time.",
    "section 8",
    "Linearizability",
)
MAYBE_IN_VAIN = Code(
    "maybe-in-vain",
    Kind.FAILURE,
    "A put returned ErrMaybe although nothing can have refused it.",
    "section 8",
    "Linearizability",
)
MAYBE_ON_FIRST_TRY = Code(
    "maybe-on-first-try",
    Kind.FAILURE,
    "A put returned ErrMaybe although its clerk had sent it once only.",
)
COUNTERS_DIFFER = Code(
    "counters-differ",
    Kind.FAILURE,
    "State machines are not in the state to which the answered requests lead.",
)
WRONG_REPLY = Code(
    "wrong-reply",
    Kind.FAILURE,
    "A submit was answered with a reply that is not its own request's.",
)
SUBMIT_STUCK = Code(
    "submit-stuck", Kind.FAILURE, "A submit did not return, or not in time."
)
ANSWERED_WITHOUT_MAJORITY = Code(
    "answered-without-majority",
    Kind.FAILURE,
    "A server that reaches no majority answered a request.",
    "section 8",
)
OK_WITHOUT_COMMIT = Code(
    "ok-without-commit",
    Kind.FAILURE,
    "A put or a submit returned OK though no new entry was applied since the call.",
    "section 8",
)
SNAPSHOT_UNWANTED = Code(
    "snapshot-unwanted",
    Kind.FAILURE,
    "A server took a snapshot though the size of the log has no limit.",
)
SNAPSHOT_TOO_LARGE = Code(
    "snapshot-too-large",
    Kind.FAILURE,
    "A snapshot is far larger than the values that it has to hold.",
)
OPERATION_STUCK = Code(
    "operation-stuck",
    Kind.FAILURE,
    "A clerk's operation did not return though a majority is connected.",
)
OPERATIONS_TOO_SLOW = Code(
    "operations-too-slow",
    Kind.FAILURE,
    "A clerk's operations take longer than a few messages do.",
)
