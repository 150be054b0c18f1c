"""Threads of the scenario: code of the tester's that runs in virtual time.

Several clients of one test may each wait on their own. They are greenlets of
the lab, not of any box.
"""

from collections.abc import Callable
from typing import Any

from labrpc.scheduling.greenlets import GreenletExit, getcurrent, greenlet


class ScenarioThread(greenlet):
    """A function of the tester's that may sleep in virtual time.

    An exception in it ends the whole scenario with that exception.
    """

    def __init__(self, function: Callable[..., None], args: tuple[Any, ...]) -> None:
        super().__init__()
        self._function = function
        self._args = args
        self.ended = False

    def run(self) -> None:
        """Run the function to its end."""
        try:
            self._function(*self._args)
        except GreenletExit:
            pass
        finally:
            self.ended = True

    def resume(self) -> None:
        """Go on from where the thread paused; for the world's loop."""
        if not self.ended:
            self.parent = getcurrent()
            self.switch()

    def pause(self) -> None:
        """Hand back to the world's loop, until `resume`."""
        assert self.parent is not None
        self.parent.switch()

    def kill(self) -> None:
        """End the thread where it stands."""
        if not self.ended:
            self.parent = getcurrent()
            self.throw(GreenletExit)
            self.ended = True


def current_scenario_thread() -> ScenarioThread | None:
    """Return the thread of the scenario that is running, None in its main part."""
    current = getcurrent()
    return current if isinstance(current, ScenarioThread) else None
