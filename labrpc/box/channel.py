"""The apply channel between Raft and a service in the same server.

What is put on it is reported to the world, as on any apply channel, but the server
itself takes it.
"""

from collections import deque

from labrpc.box.ends import PUT, ApplyEnd, refuse_on_loop
from labrpc.box.outbox import Outbox
from labrpc.box.pending import Pending
from labrpc.contract import ApplyMsg
from labrpc.scheduling.greenlets import getcurrent
from labrpc.scheduling.scheduler import WaitRefusedError
from labrpc.simulated.box_loops import BoxLoops
from labrpc.world.events import Apply


class LocalChannel(ApplyEnd):
    """An unbuffered channel between two parts of one server.

    Args:
        puts: the threads and coroutines whose messages have not been taken yet.
        gets: those that wait for a message.
        outbox: where puts are reported.
        loops: the box's event loops.
    """

    carried = "the ApplyMsg, whose command is what raft.start() was given,"

    def __init__(
        self, puts: Pending, gets: Pending, outbox: Outbox, loops: BoxLoops
    ) -> None:
        super().__init__(puts, loops)
        self._gets = gets
        self._outbox = outbox
        self._offered: deque[Apply] = deque()
        self._takers: deque[int] = deque()

    def put(self, message: ApplyMsg) -> None:
        """Hand a message over; blocks until another thread has taken it."""
        if self._loops.running:
            refuse_on_loop(self._loops, "apply_ch.put", "apply_ch.aput")
        apply = self._apply(message, "put")
        if not self._hand_over(apply):
            self._offered.append(apply)
            try:
                self._puts.wait(apply.put_id, apply, PUT)
            except WaitRefusedError:
                # At a debugger's prompt, as in `Pending.wait`.
                self._offered.pop()
                raise

    async def aput(self, message: ApplyMsg) -> None:
        """Hand a message over; only the current `asyncio` task waits."""
        apply = self._apply(message, "aput")
        if not self._hand_over(apply):
            self._offered.append(apply)
            await self._puts.wait_async(apply.put_id, apply)

    def get(self) -> ApplyMsg:
        """Take the next message; blocks until there is one."""
        if self._loops.running:
            refuse_on_loop(self._loops, "apply_ch.get", "apply_ch.aget")
        self._gets.last_asking = getcurrent()
        taken = self._take()
        if taken is None:
            number = self._next_taker()
            taken = self._gets.wait(
                number, None, "a message on apply_ch (apply_ch.get)"
            )
        return taken

    async def aget(self) -> ApplyMsg:
        """Take the next message; only the current `asyncio` task waits."""
        taken = self._take()
        if taken is None:
            taken = await self._gets.wait_async(self._next_taker(), None)
        return taken

    def _next_taker(self) -> int:
        number = self._gets.next_number()
        self._takers.append(number)
        return number

    def _hand_over(self, apply: Apply) -> bool:
        """Pass a message to a waiting taker; return False if there is none."""
        while self._takers:
            number = self._takers.popleft()
            if number in self._gets:
                self._outbox.actions.append(apply)
                self._gets.settle(number, ApplyMsg(*apply.message))
                return True
        return False

    def _take(self) -> ApplyMsg | None:
        """Return the message that was offered first, if there is one."""
        if not self._offered:
            return None
        apply = self._offered.popleft()
        self._puts.settle(apply.put_id)
        return ApplyMsg(*apply.message)
