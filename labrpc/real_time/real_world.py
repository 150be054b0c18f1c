"""The world in real time: the same network and contract, on real threads.

What passes here as it does in virtual time shows that the simulated modules
are faithful. Nothing else about it is as good: a run takes as long as it
takes, depends on the machine's load, and never repeats exactly. Deadlocks and
runaway loops are not recognised; the limits on answers and on a whole test
end them.

One lock guards all of the lab's state. The scenario holds it except while it
sleeps or waits for an answer, so that the threads of a scenario take turns
just as in virtual time; a timer thread executes what is due; servers' threads
take it for each action.
"""

import threading
from collections.abc import Callable
from typing import Any, NoReturn

from labrpc.clock import SECOND
from labrpc.machine.wall_clock import monotonic_ns
from labrpc.real_time.real_box import RealBox
from labrpc.real_time.real_context import Ended
from labrpc.real_time.real_modules import Doors
from labrpc.submission.submission import Submission
from labrpc.world.events import Action, Event, Ready, Result
from labrpc.world.host import ANSWER_NS_MAX, Host
from labrpc.world.scenario_thread import ScenarioThread
from labrpc.world.supervisor import Supervisor
from labrpc.world.world import POLL_NS, World


class RealWorld(World):
    """Servers and the network between them, in real time.

    Only the thread that made it may use it, and those that it spawns; it must
    be closed, even if it fails.

    Args:
        servers: how many servers there are; none is started yet.
        seed: the network's random numbers come from it, in whatever order
            messages happen to be sent.
        submission: what runs on every server.
        supervisor: acts on servers as the run goes on; None for one that takes
            whatever servers apply.
    """

    def __init__(
        self,
        servers: int,
        seed: str,
        submission: Submission,
        supervisor: Supervisor | None = None,
    ) -> None:
        self._began_ns = monotonic_ns()
        self._closed_ns: int | None = None
        self._failure: BaseException | None = None
        self._scenario = threading.current_thread()
        self._lock = threading.Lock()
        # Told when the next event changes, when a server answers or crashes,
        # and when the scenario has to stop.
        self._next_event = threading.Condition(self._lock)
        self._answer = threading.Condition(self._lock)
        self._stop = threading.Condition(self._lock)
        super().__init__(
            servers,
            seed,
            lambda server, incarnation: RealBox(
                submission, server, incarnation, seed, self
            ),
            supervisor,
        )
        self._doors = Doors(submission)
        self._lock.acquire()
        self._timer = threading.Thread(target=self._keep_time, daemon=True)
        self._timer.start()

    @property
    def now_ns(self) -> int:
        """Nanoseconds of real time since the world began, until it was closed."""
        now_ns = monotonic_ns() if self._closed_ns is None else self._closed_ns
        return now_ns - self._began_ns

    @now_ns.setter
    def now_ns(self, now_ns: int) -> None:
        """Do nothing: real time passes by itself."""

    # The scenario.

    def sleep_ns(self, duration_ns: int) -> None:
        """Let real time pass, for the scenario or one of its threads."""
        self._stop.wait_for(self._is_over, duration_ns / SECOND)
        self._raise_if_over()

    def poll(self) -> None:
        """Let a millisecond pass: what other threads do stands in no heap."""
        self.sleep_ns(POLL_NS)

    def spawn(self, function: Callable[..., None], *args: Any) -> ScenarioThread:
        """Run a function of the scenario beside the others, from now on."""
        # Its `run` is executed by a real thread, and nothing switches to the greenlet.
        thread = ScenarioThread(self._run_beside, (function, *args))
        threading.Thread(target=thread.run, daemon=True).start()
        return thread

    def _run_beside(self, function: Callable[..., None], *args: Any) -> None:
        with self._lock:
            try:
                function(*args)
            except Ended:
                pass
            except BaseException as exc:
                self._fail(exc)

    def _await(self, done: Callable[[], bool], host: Host, what: str) -> None:
        """Wait until `done`; the server must still be up."""
        answered = self._answer.wait_for(
            lambda: done() or not host.up or self._is_over(), ANSWER_NS_MAX / SECOND
        )
        self._raise_if_over()
        if not answered:
            raise host.no_answer_error(what)

    def _fail(self, exc: BaseException) -> None:
        """Let the scenario end with `exc`, which happened beside it."""
        if self._failure is None:
            self._failure = exc
            self._stop.notify_all()
            self._answer.notify_all()

    def _is_over(self) -> bool:
        return self._failure is not None or self._closed_ns is not None

    def _raise_if_over(self) -> None:
        if self._is_over():
            self._raise()

    def _raise(self) -> NoReturn:
        if self._failure is None or threading.current_thread() is not self._scenario:
            raise Ended
        raise self._failure

    # Events and actions.

    def post(self, delay_ns: int, host: Any, event: Event) -> int:
        """Deliver an event to an incarnation after a delay; return its number."""
        serial = super().post(delay_ns, host, event)
        self._next_event.notify()
        return serial

    def after(self, delay_ns: int, callback: Callable[[], None]) -> None:
        """Call `callback` after a delay."""
        super().after(delay_ns, callback)
        self._next_event.notify()

    def _keep_time(self) -> None:
        """Execute each event when it is due; the body of the timer thread."""
        with self._lock:
            while self._closed_ns is None:
                now_ns = self.now_ns
                wait_ns = self._heap[0][0] - now_ns if self._heap else None
                if wait_ns is None:
                    self._next_event.wait()
                elif wait_ns > 0:
                    self._next_event.wait(wait_ns / SECOND)
                else:
                    try:
                        self._run_until(now_ns)
                    except BaseException as exc:
                        self._fail(exc)

    def act(self, box: RealBox, action: Action) -> None:
        """Do what a server's thread does.

        Raises:
            Ended: the server has crashed: what its threads do goes nowhere.
        """
        with self._lock:
            host = self.hosts[box.server]
            if host is None or host.box is not box:
                raise Ended
            try:
                self._routes[type(action)](host, action)
            except Exception as exc:
                self._fail(exc)
            if isinstance(action, (Ready, Result)):
                self._answer.notify_all()

    # The end.

    def _end(self, host: Host) -> None:
        super()._end(host)
        self._answer.notify_all()

    def close(self) -> None:
        """Cut off every server, and end every thread of the lab's own."""
        self._closed_ns = monotonic_ns()
        super().close()
        self._doors.remove()
        for condition in (self._next_event, self._answer, self._stop):
            condition.notify_all()
        self._lock.release()
        self._timer.join()
