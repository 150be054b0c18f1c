"""A key/value service on asyncio."""

import asyncio
import pickle
from dataclasses import dataclass

from rsm import RSM

OK = "OK"
NO_KEY = "ErrNoKey"
VERSION = "ErrVersion"
MAYBE = "ErrMaybe"
WRONG_LEADER = "ErrWrongLeader"

PAUSE_S = 0.02


@dataclass
class Reply:
    err: str
    value: str = ""
    version: int = 0


class KVServer:
    """A server: its table is the replicated state machine."""

    def __init__(self, peers, me, persister, apply_ch, max_raft_state):
        self.table: dict[str, tuple[str, int]] = {}
        self.rsm = RSM(peers, me, persister, apply_ch, max_raft_state, self)
        self.services = {"KV": self, "Raft": self.rsm.raft}

    def kill(self):
        self.rsm.kill()

    async def perform(self, request) -> Reply:
        """The one RPC: a request goes through the log, whatever it is."""
        err, reply = await self.rsm.submit(request)
        return Reply(*reply) if err == OK else Reply(err)

    def do_op(self, request):
        kind, key, *args = request
        value, current = self.table.get(key, ("", 0))
        if kind == "get":
            return (OK if current else NO_KEY), value, current
        new_value, version = args
        if version != current:
            return (VERSION if current or not version else NO_KEY,)
        self.table[key] = new_value, version + 1
        return (OK,)

    def snapshot(self):
        return pickle.dumps(self.table)

    def restore(self, data):
        self.table = pickle.loads(data)


class Clerk:
    """Finds the leader, and sends again until it has an answer."""

    def __init__(self, servers):
        self.servers = servers
        self.leader = 0

    async def get(self, key):
        reply, _ = await self.perform(("get", key))
        return reply.value, reply.version, reply.err

    async def put(self, key, value, version):
        reply, is_first = await self.perform(("put", key, value, version))
        return MAYBE if reply.err == VERSION and not is_first else reply.err

    async def perform(self, request):
        """Return a leader's reply, and whether the request was sent only once."""
        is_first = True
        while True:
            for _ in self.servers:
                reply = await self.servers[self.leader].acall("KV.perform", request)
                if reply is not None and reply.err != WRONG_LEADER:
                    return reply, is_first
                is_first = False
                self.leader = (self.leader + 1) % len(self.servers)
            await asyncio.sleep(PAUSE_S)
