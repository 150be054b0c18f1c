"""The time of a world as its scenario lets it pass.

A scenario may have several threads of its own; they are greenlets, and take turns only
where they sleep.
"""

from collections.abc import Callable
from typing import Any

from labrpc.clock import SECOND
from labrpc.world.event_heap import EventHeap
from labrpc.world.scenario_thread import ScenarioThread, current_scenario_thread

POLL_NS = SECOND // 1000


class ScenarioTime(EventHeap):
    """Lets virtual time pass, for a scenario and its threads.

    Args:
        seed: text from which the tie-break is derived.
    """

    def __init__(self, seed: str) -> None:
        super().__init__(seed)
        self._threads: list[ScenarioThread] = []

    def _run_until(self, until_ns: int) -> None:
        """Do what happens until then."""
        raise NotImplementedError

    def sleep_ns(self, duration_ns: int) -> None:
        """Let virtual time pass, for the scenario or one of its threads."""
        until_ns = self.now_ns + duration_ns
        thread = current_scenario_thread()
        if thread is None:
            self._run_until(until_ns)
        else:
            self.after(duration_ns, thread.resume)
            thread.pause()

    def spawn(self, function: Callable[..., None], *args: Any) -> ScenarioThread:
        """Run a function of the scenario beside the others, from now on."""
        thread = ScenarioThread(function, args)
        self._threads.append(thread)
        self.after(0, thread.resume)
        return thread

    def join(self, threads: list[ScenarioThread]) -> None:
        """Let time pass until all these threads of the scenario have ended."""
        while any(not thread.ended for thread in threads):
            self.poll()

    def poll(self) -> None:
        """Let a millisecond pass, and as many more as nothing happens in."""
        polls = 1
        # A thread's own sleep is an event, too: another number of them would be seen.
        if self._heap and current_scenario_thread() is None:
            polls = max(1, -(-(self._heap[0][0] - self.now_ns) // POLL_NS))
        self.sleep_ns(polls * POLL_NS)
