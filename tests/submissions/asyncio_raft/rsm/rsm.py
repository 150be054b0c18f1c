"""A replicated state machine: one task applies, and answers whoever waits."""

import asyncio
import pickle
import uuid
from dataclasses import dataclass, field

from raft import Raft

OK = "OK"
WRONG_LEADER = "ErrWrongLeader"

TERM_CHECK_S = 0.05


@dataclass
class Submitted:
    """A request that was given to Raft, and will be answered when its index is applied."""

    operation_id: str
    term: int
    answer: asyncio.Future = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def resolve(self, err, reply=None):
        if not self.answer.done():
            self.answer.set_result((err, reply))


class RSM:
    """Replicates one state machine; all of it runs on the server's event loop."""

    def __init__(self, peers, me, persister, apply_ch, max_raft_state, state_machine):
        self.persister = persister
        self.apply_ch = apply_ch
        self.max_raft_state = max_raft_state
        self.state_machine = state_machine
        self.submitted: dict[int, Submitted] = {}
        self.last_applied = 0
        self.killed = False
        if snapshot := persister.read_snapshot():
            self.restore(snapshot)
        self.raft = Raft(peers, me, persister, apply_ch)
        self.tasks = [
            asyncio.create_task(self.apply_all()),
            asyncio.create_task(self.check_term()),
        ]

    async def submit(self, request):
        """Perform a request on all copies; return (OK, reply), or (WRONG_LEADER, None)."""
        if self.killed:
            return WRONG_LEADER, None
        operation_id = uuid.uuid4().hex
        # No await until the request waits at its index, so that nothing comes between.
        index, term, is_leader = self.raft.start((operation_id, request))
        if not is_leader:
            return WRONG_LEADER, None
        if index in self.submitted:
            self.submitted[index].resolve(WRONG_LEADER)
        submitted = self.submitted[index] = Submitted(operation_id, term)
        return await submitted.answer

    def kill(self):
        """Answer the requests that wait, and end the tasks."""
        self.killed = True
        self.give_up(lambda submitted: True)
        self.raft.kill()
        for task in self.tasks:
            task.cancel()

    def give_up(self, is_lost):
        for index, submitted in list(self.submitted.items()):
            if is_lost(submitted):
                del self.submitted[index]
                submitted.resolve(WRONG_LEADER)

    async def check_term(self):
        """Give requests up whose leader's term is over: their entries may be gone."""
        while True:
            await asyncio.sleep(TERM_CHECK_S)
            if self.submitted:
                term, _ = self.raft.get_state()
                self.give_up(lambda submitted, term=term: submitted.term < term)

    async def apply_all(self):
        """Perform what Raft has committed, one message after the other."""
        while True:
            message = await self.apply_ch.aget()
            if message.snapshot_valid:
                self.restore(message.snapshot)
                continue
            index = self.last_applied = message.command_index
            operation_id, request = message.command
            reply = self.state_machine.do_op(request)
            submitted = self.submitted.pop(index, None)
            if submitted is not None:
                mine = submitted.operation_id == operation_id
                submitted.resolve(*(OK, reply) if mine else (WRONG_LEADER, None))
            self.take_snapshot_if_large()

    def take_snapshot_if_large(self):
        size = len(self.persister.read_raft_state())
        if self.max_raft_state != -1 and size >= self.max_raft_state:
            data = pickle.dumps((self.last_applied, self.state_machine.snapshot()))
            self.raft.snapshot(self.last_applied, data)

    def restore(self, snapshot):
        self.last_applied, data = pickle.loads(snapshot)
        self.state_machine.restore(data)
