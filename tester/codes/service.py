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
    "Two puts wrote the same version of a key, or one a version that had been replaced.",
    "section 8",
    "Linearizability",
)
LOST_REPLY = Code(
    "lost-reply",
    Kind.FAILURE,
    "A put was refused although it had been applied: its first reply was lost.",
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
