"""Messages in flight, in the order in which they were sent."""

from tester.search.choices import MessageName
from tester.search.world_state import Message, WorldState


class Arrivals:
    """The order in which the messages in flight would arrive on an ideal network.

    Attributes:
        queue: the messages in flight, the oldest first.
        late: those that were held back.
    """

    def __init__(self) -> None:
        self.queue: list[Message] = []
        self.late: list[Message] = []

    def follow(self, state: WorldState) -> None:
        """Take in the world's state after a choice."""
        left: dict[Message, int] = {}
        for message in state.in_flight:
            left[message] = left.get(message, 0) + 1
        for kept in (self.late, self.queue):
            for message in [m for m in kept if not _take(left, m)]:
                # Where servers that look alike are one, its call may have a new number.
                same = next((m for m in left if left[m] and _alike(m, message)), None)
                if same is None:
                    kept.remove(message)
                else:
                    left[same] -= 1
                    kept[kept.index(message)] = same
        self.queue += [m for m in state.in_flight if _take(left, m)]

    def next_name(self, state: WorldState) -> MessageName | None:
        """Return the oldest message that can be delivered, None if there is none."""
        found = self.next_message(state)
        return None if found is None else state.name_of(found)

    def next_message(self, state: WorldState) -> Message | None:
        """Do what `next_name` does, and return the message."""
        return next((m for m in self.queue if state.reachable(m)), None)

    def hold_back(self, message: Message) -> None:
        """Let a message of the queue arrive later than its turn."""
        self.queue.remove(message)
        self.late.append(message)


def _take(left: dict[Message, int], message: Message) -> bool:
    """Take one copy of a message out of those left; return whether there is one."""
    count = left.get(message, 0)
    if not count:
        return False
    left[message] = count - 1
    return True


def _alike(one: Message, other: Message) -> bool:
    return (
        one.call_id != other.call_id
        and one.name == other.name
        and one.data == other.data
        and one.caller == other.caller
    )
