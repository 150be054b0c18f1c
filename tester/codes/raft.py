"""Codes of what the lab's checks and scenarios report about a Raft."""

from labrpc.codes import Code, Kind

# What must hold at every moment (`tester.oracles`).

TWO_LEADERS = Code(
    "two-leaders",
    Kind.FAILURE,
    "Two servers, or two lives of one server, led the same term.",
    "Figure 3",
    "Election Safety",
)
NOT_ELECTED_BY_MAJORITY = Code(
    "not-elected-by-majority",
    Kind.FAILURE,
    "A server led a term though too few servers can have voted for it.",
    "section 5.2",
    "Election Safety",
)
TERM_FELL = Code(
    "term-fell",
    Kind.FAILURE,
    "A server's term became smaller.",
    "Figure 2",
    "current_term increases monotonically",
)
APPLIED_DIFFERENTLY = Code(
    "applied-differently",
    Kind.FAILURE,
    "Two servers applied different commands at one index.",
    "Figure 3",
    "State Machine Safety",
)
OVERWRITTEN_BY_LEADER = Code(
    "overwritten-by-leader",
    Kind.FAILURE,
    "A leader put two commands at one index of one term, or put one below another.",
    "Figure 3",
    "Leader Append-Only",
)
LEADER_LACKS_COMMITTED = Code(
    "leader-lacks-committed",
    Kind.FAILURE,
    "A leader's log lacked an entry that an earlier term had committed.",
    "Figure 3",
    "Leader Completeness",
)
NOT_STORED_BY_MAJORITY = Code(
    "not-stored-by-majority",
    Kind.FAILURE,
    "A command was applied though too few servers saved anything since it was started.",
    "section 5.3",
    "Leader Completeness",
)
NEVER_STARTED = Code(
    "never-started",
    Kind.FAILURE,
    "A server applied a command at an index for which start() never returned it.",
    "section 5.3",
)

# What the state machine above a server takes from its apply channel.

APPLIED_OUT_OF_ORDER = Code(
    "applied-out-of-order",
    Kind.FAILURE,
    "A server skipped an index, or applied one twice.",
    "section 5.3",
    "State Machine Safety",
)
WRONG_APPLY_MSG = Code(
    "wrong-apply-msg",
    Kind.FAILURE,
    "An ApplyMsg was neither a command nor a snapshot, or both.",
)
WRONG_SNAPSHOT_INDEX = Code(
    "wrong-snapshot-index",
    Kind.FAILURE,
    "A snapshot was applied under another index than it was made at.",
    "section 7",
    "State Machine Safety",
)
SNAPSHOT_WENT_BACK = Code(
    "snapshot-went-back",
    Kind.FAILURE,
    "A snapshot was applied that is older than what the server has applied.",
    "section 7",
    "State Machine Safety",
)
UNKNOWN_SNAPSHOT = Code(
    "unknown-snapshot",
    Kind.FAILURE,
    "A server handed over, as a snapshot, bytes that are none.",
    "Figure 13",
    "State Machine Safety",
)

# What scenarios check.

NO_LEADER = Code(
    "no-leader",
    Kind.FAILURE,
    "Servers that are a majority and reach each other elected no leader in time.",
    "section 5.2",
)
LEADER_WITHOUT_MAJORITY = Code(
    "leader-without-majority",
    Kind.FAILURE,
    "A server leads though no majority can have elected it.",
    "section 5.2",
    "Election Safety",
)
TERMS_DIFFER = Code(
    "terms-differ",
    Kind.FAILURE,
    "Servers that reach each other are in different terms.",
    "section 5.1",
)
WRONG_TERM = Code(
    "wrong-term", Kind.FAILURE, "A term is not a positive number.", "section 5.1"
)
UNSTABLE_TERM = Code(
    "unstable-term",
    Kind.FAILURE,
    "The term changed again and again though nothing failed.",
    "section 5.2",
)
NO_AGREEMENT = Code(
    "no-agreement",
    Kind.FAILURE,
    "A command was not applied by enough servers in time.",
    "section 5.3",
)
NOT_CAUGHT_UP = Code(
    "not-caught-up",
    Kind.FAILURE,
    "Servers that can be reached have not applied what is committed.",
    "sections 5.3 and 7",
)
COMMITTED_WITHOUT_MAJORITY = Code(
    "committed-without-majority",
    Kind.FAILURE,
    "A command was applied though no majority can have stored it.",
    "section 5.3",
    "Leader Completeness",
)
COMMITTED_LOST = Code(
    "committed-lost",
    Kind.FAILURE,
    "A command that was committed is missing later.",
    "Figure 3",
    "Leader Completeness",
)
LEADER_REFUSED = Code(
    "leader-refused",
    Kind.FAILURE,
    "A leader refused a command that was given to start().",
)
WRONG_INDEX = Code(
    "wrong-index",
    Kind.FAILURE,
    "A command went to another index than the next one.",
    "section 5.3",
)
WRONG_ANSWER = Code(
    "wrong-answer",
    Kind.FAILURE,
    "What a method that the lab calls returned is not what the contract says.",
)
TOO_MANY_BYTES = Code(
    "too-many-bytes",
    Kind.FAILURE,
    "Servers sent far more bytes than an agreement takes.",
    "section 5.3",
)
TOO_MANY_RPCS = Code(
    "too-many-rpcs",
    Kind.FAILURE,
    "Servers sent far more RPCs than their task takes.",
    "section 5",
)
LOG_NOT_CUT = Code(
    "log-not-cut",
    Kind.FAILURE,
    "The saved Raft state goes on growing though snapshots are taken.",
    "section 7",
)
TEST_TOO_LONG = Code(
    "test-too-long", Kind.FAILURE, "The test took more virtual time than is allowed."
)
CHECK_FAILED = Code(
    "check-failed", Kind.FAILURE, "An assert statement of the scenario did not hold."
)

# What scenarios of the bonus parts check; the sections are those of the dissertation.

TERM_RAISED_IN_VAIN = Code(
    "term-raised-in-vain",
    Kind.FAILURE,
    "A server raised its term though no majority would have voted for it.",
    "section 9.6 (dissertation)",
)
LEADER_DEPOSED = Code(
    "leader-deposed",
    Kind.FAILURE,
    "A leader that a majority followed did not go on leading in its term.",
    "section 9.6 (dissertation)",
)
NOT_TRANSFERRED = Code(
    "not-transferred",
    Kind.FAILURE,
    "A server did not become leader of the next term, and soon, by a transfer.",
    "section 3.10 (dissertation)",
)
ACCEPTED_IN_TRANSFER = Code(
    "accepted-in-transfer",
    Kind.FAILURE,
    "A leader accepted a command while it handed its leadership over.",
    "section 3.10 (dissertation)",
)
TRANSFER_NOT_ENDED = Code(
    "transfer-not-ended",
    Kind.FAILURE,
    "A leader took no commands again after a transfer that could not succeed.",
    "section 3.10 (dissertation)",
)
STALE_READ = Code(
    "stale-read",
    Kind.FAILURE,
    "A read did not show what had been applied, or shown to a client, before it began.",
    "section 6.4 (dissertation)",
    "Linearizability",
)
READ_REFUSED = Code(
    "read-refused",
    Kind.FAILURE,
    "A leader that a majority follows gave no read index, or not in time.",
    "section 6.4 (dissertation)",
)
