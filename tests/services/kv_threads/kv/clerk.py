"""A client's clerk: it finds the leader, and sends again until it has an answer."""

import time

from .messages import (
    MAYBE,
    VERSION,
    WRONG_LEADER,
    GetArgs,
    PutArgs,
)

# After all servers have been asked in vain, an election may be going on.
PAUSE_S = 0.02


class Clerk:
    """Calls the servers for one client, one operation after the other."""

    def __init__(self, servers):
        self.servers = servers
        self.leader = 0

    def get(self, key):
        """Return (value, version, OK), or ("", 0, NO_KEY)."""
        reply, _ = self._call("KV.get", GetArgs(key))
        return reply.value, reply.version, reply.err

    def put(self, key, value, version):
        """Put a value if the key has this version; return OK or why not.

        MAYBE: this put has been sent more than once, and the last time the version was
        another one. It may have been this very put, when it was sent before, that
        changed the version.
        """
        reply, times_sent = self._call("KV.put", PutArgs(key, value, version))
        if reply.err == VERSION and times_sent > 1:
            return MAYBE
        return reply.err

    def _call(self, method, args):
        """Return a leader's reply, and how often the request was sent."""
        times_sent = 0
        while True:
            reply = self.servers[self.leader].call(method, args)
            times_sent += 1
            if reply is not None and reply.err != WRONG_LEADER:
                return reply, times_sent
            self.leader = (self.leader + 1) % len(self.servers)
            if times_sent % len(self.servers) == 0:
                time.sleep(PAUSE_S)
