"""The steps that a box takes before it is asked to, in its own process.

What the world would deliver next follows from `Foresight` and from what the box did.
Wherever that leaves a doubt, the box stops and waits to be asked.
"""

from collections import deque
from collections.abc import Sequence

from labrpc.world.events import (
    Action,
    Apply,
    Call,
    Crash,
    Event,
    Invoke,
    Persist,
    Ready,
    Reply,
    Response,
    Result,
    Taken,
    Wake,
)
from labrpc.world.foresight import Foresight, may_change_state
from labrpc.world.host import NEVER_NS

_WAKE = Wake()


class StepsAhead:
    """Finds the event that follows each step of one box, as far as it is certain."""

    def __init__(self) -> None:
        # RPCs of the box that have not ended.
        self._calls = 0
        self._foresight: Foresight | None = None

    def begin(self, foresight: Foresight | None) -> None:
        """Prepare for a step that the judge has asked for."""
        self._foresight = foresight
        if foresight is None:
            return
        self._until_ns = foresight.until_ns
        self._wake_ns = NEVER_NS
        self._puts: deque[int] = deque()
        self._take_at_ns = NEVER_NS
        self._takes_left = foresight.takes_max
        self._invoke_id = foresight.invoke_id
        self._rpc_method = foresight.rpc_method

    def following(
        self,
        now_ns: int,
        event: Event,
        actions: Sequence[Action],
        wake_ns: int | None,
    ) -> tuple[int, Event] | None:
        """Return what follows a step, and when; None if that is not certain."""
        if type(event) is Response:
            self._calls -= 1
        foresight = self._foresight
        if foresight is None:
            for action in actions:
                if type(action) is Call:
                    self._calls += 1
            return None
        if wake_ns is not None and wake_ns < self._wake_ns:
            self._wake_ns = wake_ns
        if actions:
            saved, goes_on = self._note(now_ns, actions, foresight.delay_ns_min)
            if not goes_on:
                return None
            changed, self._rpc_method = may_change_state(
                actions, self._rpc_method, saved
            )
            if changed and foresight.probe:
                invoke_id = self._invoke_id
                self._invoke_id += 1
                return now_ns, Invoke(invoke_id, foresight.probe, ())
        if type(event) is Invoke and not _has_result(actions, event.invoke_id):
            return None
        return self._next_in_time(now_ns, foresight.take_ns)

    def _note(
        self, now_ns: int, actions: Sequence[Action], delay_ns_min: int
    ) -> tuple[bool, bool]:
        """Note what the box did; return whether it saved its state, and goes on."""
        saved, goes_on = False, True
        for action in actions:
            kind = type(action)
            if kind is Call:
                self._calls += 1
                self._until_ns = min(self._until_ns, now_ns + delay_ns_min)
            elif kind is Persist:
                saved = True
            elif kind is Reply:
                # That a reply is lost is noticed at once. So may be what follows of it:
                # that another server's reply to this one is lost.
                delay_ns = 0 if self._calls else delay_ns_min
                self._until_ns = min(self._until_ns, now_ns + delay_ns)
            elif kind is Apply:
                self._puts.append(action.put_id)  # type: ignore[union-attr]
            elif kind is Ready or kind is Crash:
                goes_on = False
        return saved, goes_on

    def _next_in_time(self, now_ns: int, take_ns: int) -> tuple[int, Event] | None:
        if self._puts and self._take_at_ns == NEVER_NS:
            if not take_ns:
                return None
            self._take_at_ns = now_ns + take_ns
        wake_ns = max(self._wake_ns, now_ns)
        take_at_ns = self._take_at_ns
        if min(wake_ns, take_at_ns) >= self._until_ns or wake_ns == take_at_ns:
            return None
        if wake_ns < take_at_ns:
            self._wake_ns = NEVER_NS
            return wake_ns, _WAKE
        self._take_at_ns = NEVER_NS
        self._takes_left -= 1
        if not self._takes_left:
            self._until_ns = take_at_ns
        return take_at_ns, Taken(self._puts.popleft())


def _has_result(actions: Sequence[Action], invoke_id: int) -> bool:
    """Return whether a method that was invoked has returned."""
    return any(type(a) is Result and a.invoke_id == invoke_id for a in actions)
