"""Lists of choices whose messages are identified by the choices that sent them.

A choice names a message by its sender and receiver, its method, and its place among those
alike. When a choice is taken out of a list, there may be one heartbeat less, which changes
this place for all that follow. So each message is linked to the choice in which its call
was made: in a shorter list it is named anew, and gone if that choice is gone.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from labrpc.errors import SubmissionError
from labrpc.world.events import Action, Call, Event
from labrpc.world.observer import Observer
from labrpc.world.rpc import Incarnation
from tester.search.choices import (
    Choice,
    Deliver,
    Duplicate,
    Lose,
    Snapshot,
    with_message,
)
from tester.search.judged_run import JudgedRun
from tester.search.rules import Rules
from tester.search.world_state import call_of

# Stands for a choice, for the calls that servers make when they start.
BOOT = -1


class Link(NamedTuple):
    """Where a message comes from.

    Attributes:
        made_in: the number of the choice in which its call was made.
        src: the server that has called.
        dst: the server that was called.
        method: the name that was called.
        nth: which of the choice's calls of this kind it is, from 1.
        reply: whether it is the reply.
    """

    made_in: int
    src: int
    dst: int
    method: str
    nth: int
    reply: bool


class LinkedChoice(NamedTuple):
    """A choice of a list that is made shorter.

    Attributes:
        number: its number in the first list.
        choice: the choice.
        link: where its message comes from; None if that is not known, or it has none.
        reply_number: the number of the choice that delivered the reply which now arrives
            with its request; None if none does.
    """

    number: int
    choice: Choice
    link: Link | None = None
    reply_number: int | None = None

    @property
    def delivers_request(self) -> bool:
        """Whether the choice delivers a request alone, and its receiver lives on."""
        choice = self.choice
        if not isinstance(choice, Deliver) or choice.message.reply or choice.with_reply:
            return False
        return choice.dies_after is None

    def delivers_reply_to(self, request: "LinkedChoice") -> bool:
        """Return whether this delivers the reply to a request of another choice."""
        if request.link is None or not isinstance(self.choice, Deliver):
            return False
        lives_on = self.choice.dies_after is None
        return lives_on and self.link == request.link._replace(reply=True)

    def with_reply(self, number: int) -> "LinkedChoice":
        """Return the same delivery, with the reply that another choice delivered."""
        choice = msgspec.structs.replace(self.choice, with_reply=True)
        return self._replace(choice=choice, reply_number=number)


class _Calls(Observer):
    """Notes in which choice each call is made."""

    def __init__(self) -> None:
        self._number = BOOT
        # The caller whose reply arrives as well, and the number for what it then does.
        self._reply: tuple[int, int] | None = None
        self.made: dict[tuple[int, int, int], Link] = {}
        self.found: dict[Link, tuple[int, int, int]] = {}
        self._counts: Counter[tuple[int, int, int, str]] = Counter()

    def taking(self, linked: LinkedChoice) -> None:
        """Note what calls are made in from now on."""
        self._number, self._reply = linked.number, None
        if linked.reply_number is not None and isinstance(linked.choice, Deliver):
            self._reply = (linked.choice.message.src, linked.reply_number)

    def stepped(
        self, now_ns: int, host: Incarnation, event: Event, actions: Sequence[Action]
    ) -> None:
        """Note the calls of a step."""
        number = self._number
        if self._reply is not None and self._reply[0] == host.server:
            number = self._reply[1]
        for action in actions:
            if isinstance(action, Call):
                kind = (number, host.server, action.dst, action.method)
                self._counts[kind] += 1
                link = Link(*kind, self._counts[kind], reply=False)
                call = (host.server, host.incarnation, action.call_id)
                self.made[call] = link
                self.found[link] = call


def run_linked(
    rules: Rules, choices: Iterable[LinkedChoice]
) -> tuple[list[LinkedChoice], SubmissionError | None]:
    """Take choices; return those that applied, named as here, and what failed."""
    calls, taken = _Calls(), list[LinkedChoice]()
    run = JudgedRun(rules, [calls])
    try:
        run.boot()
        for linked in choices:
            here = _here(run, calls, linked)
            if here is None:
                continue
            calls.taking(here)
            # The last one has its place in the list also if it is the one that fails.
            taken.append(here)
            if not run.take(here.choice):
                taken.pop()
        run.finish()
    except SubmissionError as exc:
        return taken, exc
    return taken, None


def _here(run: JudgedRun, calls: _Calls, linked: LinkedChoice) -> LinkedChoice | None:
    """Return a choice with its message named as in this run, None if it is not there."""
    choice, link = linked.choice, linked.link
    if isinstance(choice, Snapshot):
        # A shorter list may apply less.
        index = min(choice.index, len(run.state.servers[choice.server].applied))
        return linked._replace(choice=msgspec.structs.replace(choice, index=index))
    if not isinstance(choice, Deliver | Duplicate | Lose):
        return linked
    if link is None:
        message = run.state.find(choice.message)
        made = None if message is None else calls.made.get(call_of(message))
        if message is None or made is None:
            return None
        return linked._replace(link=made._replace(reply=message.reply))
    call = calls.found.get(link._replace(reply=False))
    for message in run.state.in_flight:
        if message.reply == link.reply and call_of(message) == call:
            name = run.state.name_of(message)
            return linked._replace(choice=with_message(choice, name))
    return None
