"""What the boxes of lab 3 construct: servers of a service, and clerks of clients."""

from labrpc.submission.entry import SERVER_PARAMETERS, Entry
from labrpc.submission.submission import Submission

# The parameter that RSM and KVServer get beside those of Raft.
LIMIT = "max_raft_state"


def server_entry(
    submission: Submission, module: str, class_name: str, max_raft_state: int
) -> Entry:
    """Return the entry of a class that gets what Raft gets, and the limit.

    Args:
        submission: what runs in the boxes.
        module: the module that defines the class.
        class_name: its name.
        max_raft_state: how large the saved Raft state may become before a server takes
            a snapshot, -1 for no snapshots.
    """
    return Entry(
        module,
        class_name,
        (*SERVER_PARAMETERS, LIMIT),
        {LIMIT: max_raft_state},
        services=True,
        local_channel=True,
        preload=_preload(submission),
    )


def kv_server_entry(submission: Submission, max_raft_state: int) -> Entry:
    """Return what the box of a key/value server constructs."""
    return server_entry(submission, "kv", "KVServer", max_raft_state)


def clerk_entry(submission: Submission) -> Entry:
    """Return what a client's box constructs."""
    return Entry("kv", "Clerk", ("servers",), preload=_preload(submission))


def _preload(submission: Submission) -> str:
    # A single file is loaded first, and replaces what it changes.
    return submission.package if submission.path.is_file() else ""
