"""What outlives a crash: term, vote and log on one side, the snapshot on the other."""

import pickle
from dataclasses import dataclass

from labrpc import Persister

from .log import Log


@dataclass
class Durable:
    """The paper's persistent state of a server."""

    term: int
    voted_for: int | None
    log: Log
    snapshot: bytes


def save(persister: Persister, state: Durable) -> None:
    """Save it all at once, so that log and snapshot always fit together."""
    # Tuples, not dataclasses: the size of the saved state is limited.
    entries = [(entry.term, entry.command) for entry in state.log.entries]
    base = (state.log.base.term, state.log.base.index)
    record = (state.term, state.voted_for, base, entries)
    persister.save(pickle.dumps(record), state.snapshot)


def load(persister: Persister) -> Durable:
    """Return what was saved last, or the state that a new server begins with."""
    # Nothing else in this module needs them.
    from .messages import Entry, Position

    raw = persister.read_raft_state()
    if not raw:
        return Durable(0, None, Log(Position(), []), b"")
    term, voted_for, base, pairs = pickle.loads(raw)
    log = Log(Position(*base), [Entry(*pair) for pair in pairs])
    return Durable(term, voted_for, log, persister.read_snapshot())
