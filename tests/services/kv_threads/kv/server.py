"""A server of the key/value service: its table is the replicated state machine."""

import pickle

from rsm import RSM

from .messages import (
    NO_KEY,
    OK,
    VERSION,
    GetArgs,
    GetReply,
    PutArgs,
    PutReply,
)


class KVServer:
    """One server. Gets go through the log as puts do, so that none is stale."""

    def __init__(self, peers, me, persister, apply_ch, max_raft_state):
        # Each key's value and version; the first version is 1.
        self.table: dict[str, tuple[str, int]] = {}
        self.rsm = RSM(peers, me, persister, apply_ch, max_raft_state, self)
        self.services = {"KV": self, "Raft": self.rsm.raft}

    def kill(self):
        self.rsm.kill()

    # RPCs.

    def get(self, args: GetArgs) -> GetReply:
        err, reply = self.rsm.submit(("get", args.key))
        return GetReply(*reply) if err == OK else GetReply(err)

    def put(self, args: PutArgs) -> PutReply:
        request = ("put", args.key, args.value, args.version)
        err, reply = self.rsm.submit(request)
        return PutReply(reply if err == OK else err)

    # The state machine.

    def do_op(self, request):
        """Perform a request that is committed."""
        kind, *args = request
        return self._get(*args) if kind == "get" else self._put(*args)

    def _get(self, key):
        if key not in self.table:
            return NO_KEY, "", 0
        value, version = self.table[key]
        return OK, value, version

    def _put(self, key, value, version):
        """Replace a value if its version is the given one; 0 creates a key."""
        if key not in self.table and version > 0:
            return NO_KEY
        _, current = self.table.get(key, ("", 0))
        if version != current:
            return VERSION
        self.table[key] = value, current + 1
        return OK

    def snapshot(self):
        return pickle.dumps(self.table)

    def restore(self, data):
        self.table = pickle.loads(data)
