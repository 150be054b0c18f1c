"""A client's clerk."""

import time
from typing import Any

from .messages import WRONG_LEADER, GetArgs, PutArgs


class Clerk:
    """Calls the servers for one client, one operation after the other."""

    def __init__(self, servers: Any) -> None:
        """Keep the servers: servers[i].call("KV.get", args) returns a reply, or None."""
        self.servers = servers
        # Your state here (3B): remember who led.

    def get(self, key: str) -> tuple[str, int, str]:
        """Return (value, version, "OK"), or ("", 0, "ErrNoKey")."""
        # Your code here (3B): this asks one server only, and for ever.
        while True:
            reply = self.servers[0].call("KV.get", GetArgs(key))
            if reply is not None and reply.err != WRONG_LEADER:
                return reply.value, reply.version, reply.err
            time.sleep(0.1)

    def put(self, key: str, value: str, version: int) -> str:
        """Put a value if the key has this version; return the err.

        "ErrMaybe" if the put was sent more than once and is then refused for its version.
        """
        # Your code here (3B): this asks one server only, and for ever.
        while True:
            reply = self.servers[0].call("KV.put", PutArgs(key, value, version))
            if reply is not None and reply.err != WRONG_LEADER:
                err: str = reply.err
                return err
            time.sleep(0.1)
