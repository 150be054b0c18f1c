"""The steps that certainly follow one, found in the box before they are asked for.

What is certain the judge says with each step (`labrpc.world.foresight`); what the box
did it knows itself. Where anything else could come first, such as a message that answers
one of the box's own, nothing follows.
"""

from collections import deque
from collections.abc import Sequence

from labrpc.isolated.messages import Foresees, Step
from labrpc.machine.wall_clock import cpu_seconds
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
    Result,
    Taken,
)
from labrpc.world.foresight import called_another

# How much a box takes before it is asked, in one go: the judge waits meanwhile.
STEPS_MAX = 100
BYTES_MAX = 1 << 15
CPU_S_MAX = 0.1

# After these another server may act, or the world.
_GO_OUT = frozenset({Call, Reply, Ready, Crash})


class StepsAhead:
    """Finds the step that follows one for certain.

    Args:
        foresees: what the judge has said when the box began.
    """

    def __init__(self, foresees: Foresees) -> None:
        self._asks_by = foresees.asks_by
        self._called = foresees.called
        self._take_ns = foresees.take_ns
        self._ready = False
        # Messages on the apply channel that were not taken yet, in order.
        self._puts: deque[int] = deque()
        # Methods that were invoked and have not returned.
        self._open = 0
        self._steps = 0
        self._bytes = 0
        self._began_s = 0.0

    def count(self, answers_bytes: int) -> None:
        """Count a step that is taken ahead, before which so much was answered."""
        if not self._steps:
            self._began_s = cpu_seconds()
        self._steps += 1
        self._bytes = answers_bytes

    def end(self) -> None:
        """Count anew: what was taken in one go is answered."""
        self._steps = 0

    @property
    def _is_enough(self) -> bool:
        return bool(self._steps) and (
            self._steps >= STEPS_MAX
            or self._bytes > BYTES_MAX
            or cpu_seconds() - self._began_s > CPU_S_MAX
        )

    def after(
        self, step: Step, actions: Sequence[Action], wake_ns: int | None
    ) -> Step | None:
        """Return the step that follows one; None if that is not certain.

        Args:
            step: which was taken.
            actions: what the box did in it.
            wake_ns: when the box wants to be woken.
        """
        self._note_event(step.event)
        kinds = frozenset(map(type, actions))
        another: bool | None = False
        if actions:
            another, self._called = called_another(actions, self._called)
            self._note_actions(actions)
        if not (step.until_ns or step.invoke_id) or self._is_enough:
            return None
        if self._open or Crash in kinds or Ready in kinds or not self._ready:
            return None
        if step.invoke_id and another is not None and (another or Persist in kinds):
            return self._ask(step, kinds, wake_ns)
        return self._take(step, kinds, wake_ns)

    def _note_event(self, event: Event) -> None:
        kind = type(event)
        if kind is Taken and self._puts:
            self._puts.popleft()
        elif kind is Invoke:
            self._open += 1

    def _note_actions(self, actions: Sequence[Action]) -> None:
        for action in actions:
            kind = type(action)
            if kind is Apply:
                self._puts.append(action.put_id)  # type: ignore[union-attr]
            elif kind is Result:
                self._open -= 1
            elif kind is Ready:
                self._ready = True

    def _ask(self, step: Step, kinds: frozenset[type], wake_ns: int | None) -> Step:
        """Return the call that asks for the state, at the same moment."""
        certain = step.takes_max and kinds.isdisjoint(_GO_OUT)
        return Step(
            step.now_ns,
            Invoke(step.invoke_id, self._asks_by, ()),
            _before(step.until_ns, wake_ns) if certain else 0,
            step.invoke_id + 1,
            step.takes_max,
        )

    def _take(
        self, step: Step, kinds: frozenset[type], wake_ns: int | None
    ) -> Step | None:
        """Return that the next message is taken, if nothing comes before."""
        if not self._puts or not step.takes_max or not kinds.isdisjoint(_GO_OUT):
            return None
        until_ns = _before(step.until_ns, wake_ns)
        taken_ns = step.now_ns + self._take_ns
        if taken_ns >= until_ns:
            return None
        return Step(
            taken_ns,
            Taken(self._puts[0]),
            until_ns,
            step.invoke_id,
            step.takes_max - 1,
        )


def _before(until_ns: int, wake_ns: int | None) -> int:
    return until_ns if wake_ns is None else min(until_ns, wake_ns)
