"""The lab's state machine for part 3A, which runs in a server beside a student's RSM."""

import inspect
import pickle

from rsm import RSM


class Counter:
    """A number; each request is what to add to it, and the reply is the sum."""

    def __init__(self):
        self.number = 0

    def do_op(self, request):
        self.number += request
        return self.number

    def snapshot(self):
        return pickle.dumps(self.number)

    def restore(self, data):
        self.number = pickle.loads(data)


class ThreadedServer:
    """A server whose RSM runs in threads."""

    def __init__(self, peers, me, persister, apply_ch, max_raft_state):
        self.state_machine = Counter()
        self.rsm = RSM(
            peers, me, persister, apply_ch, max_raft_state, self.state_machine
        )
        if not hasattr(self.rsm, "raft"):
            raise AttributeError(
                "RSM has no attribute `raft`: keep the Raft that it constructs as self.raft"
            )
        self.services = {"RSM": self.rsm, "Raft": self.rsm.raft}

    def submit(self, request):
        return self.rsm.submit(request)

    def counter(self):
        return self.state_machine.number

    def kill(self):
        self.rsm.kill()


class AsyncServer(ThreadedServer):
    """A server whose RSM is written with asyncio."""

    async def submit(self, request):
        return await self.rsm.submit(request)

    async def kill(self):
        ended = self.rsm.kill()
        if inspect.isawaitable(ended):
            await ended


is_async = inspect.iscoroutinefunction(RSM.submit)
CounterServer = AsyncServer if is_async else ThreadedServer
