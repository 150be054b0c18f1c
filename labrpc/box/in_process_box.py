"""A box whose threads are greenlets of this process.

It runs the submission. Only bytes and plain values pass through `step`, so a box in
a process of its own can stand behind the same interface.
"""

import inspect
import itertools
from collections.abc import Callable
from typing import Any, cast

from labrpc import codes
from labrpc.box.async_server import AsyncServer, Awaited, has_coroutines
from labrpc.box.deadlock import find_deadlock
from labrpc.box.encoding import Codec
from labrpc.box.ends import ApplyEnd, PeerEnd, PersisterEnd
from labrpc.box.lint import Linter
from labrpc.codes import Code
from labrpc.errors import CtrlC, LoadError
from labrpc.plain_values import plain_copy
from labrpc.scheduling.preemption import Preemption
from labrpc.scheduling.scheduler import Scheduler, Task
from labrpc.simulated import importer
from labrpc.simulated.event_loop import BoxLoops, close_coroutine
from labrpc.simulated.os_ import LINE_CHARS_MAX, Output
from labrpc.simulated.stdlib import standard_modules
from labrpc.submission.stacks import (
    exception_report,
    place_of,
    running_thread_report,
    tasks_report,
    threads_report,
)
from labrpc.submission.submission import Submission
from labrpc.world.box import Step
from labrpc.world.events import (
    Action,
    Boot,
    Crash,
    Event,
    Invoke,
    Log,
    Ready,
    Reply,
    Request,
    Response,
    Result,
    Taken,
    Wake,
)
from labrpc.world.streams import Streams

# A server that logs more than this in one incarnation loses the rest.
LOG_LINES_MAX = 50_000

NOT_THERE = (
    "a server can import the standard library and the submission's own files, but no "
    "other package"
)
NO_PROGRAM = (
    "the lab imports the module and constructs Raft: put code that runs as a program "
    "under `if __name__ == '__main__':`"
)
# What only the code that runs in a box raises there. SystemExit ends a thread, and
# is looked at elsewhere; what pytest raises to end a test is none of these.
_THEIRS = (Exception, GeneratorExit, KeyboardInterrupt)


class NoSuchMethod(Exception):
    """A server's class lacks the method that an RPC or the service calls."""


class InProcessBox:
    """A box whose threads are greenlets of this process."""

    def __init__(
        self,
        submission: Submission,
        server: int,
        incarnation: int,
        streams: Streams,
        preempt: bool = False,
    ) -> None:
        self.submission = submission
        self.server = server
        self.incarnation = incarnation
        self.entropy = streams("entropy")
        self.scheduler = Scheduler(streams("threads"), self._escaped, owner=self)
        self.preemption: Preemption | None = None
        if preempt:
            self.preemption = Preemption(self.scheduler, streams("preemption"))
        self.main_thread: Any = None
        self.output = Output(self)
        self.importer = importer.Importer(submission, self)
        self.codec = Codec(self.importer.own, self.importer.load_own)
        self.raft: Any = None
        self.actions: list[Action] = []
        self.next_call_id = itertools.count(1).__next__
        self.pending_calls: dict[int, Task] = {}
        self.pending_puts: dict[int, Task] = {}
        self.invoked: dict[int, Task] = {}
        self.loops = BoxLoops()
        self.awaited_calls = Awaited(self)
        self.awaited_puts = Awaited(self)
        self._handlers: dict[str, Callable[..., Any]] = {}
        self._serials: dict[str, int] = {}
        self._log_lines = 0
        self.lint = Linter(self)
        self._crashed = False
        self._deliver: dict[type, Callable[[Any], None]] = {
            Boot: self._boot,
            Request: self._request,
            Response: self._response,
            Invoke: self._invoke,
            Taken: self._taken,
            Wake: lambda event: None,
        }

    # What the world calls.

    def step(self, now_ns: int, event: Event) -> Step:
        """Deliver `event` and run until every thread waits."""
        importer.install(self.importer.own)
        scheduler = self.scheduler
        self._deliver[type(event)](event)
        scheduler.run(now_ns)
        self.lint.warn_of_lost()
        actions, self.actions = self.actions, []
        wake_ns = scheduler.next_timer_ns()
        if scheduler.contended and not self._crashed:
            wake_ns = self._look_for_deadlock(actions, wake_ns)
        return actions, wake_ns

    def crash(self) -> None:
        """End the incarnation, as a power cut does."""
        importer.install(self.importer.own)
        # Kept, so that none is freed and unwound before its turn.
        tasks = self.loops.tasks()
        self.scheduler.kill()
        for loop in list(self.loops.all):
            loop.lab_cut_off()
        for task in tasks:
            self.scheduler.run_dying(close_coroutine, (task.get_coro(),))
        self.scheduler.run_dying(self._let_go, ())
        importer.install({})

    def _let_go(self) -> None:
        """Free the server's objects: a `__del__` may do anything, even run for ever."""
        self.raft = None
        self._handlers.clear()

    def runaway(self) -> str:
        """Return where the thread that does not stop stands."""
        return running_thread_report(self.submission)

    def threads(self) -> str:
        """Return the threads and where each waits."""
        report = threads_report(self.submission, self.scheduler, self.invoked.values())
        return report + tasks_report(self.submission, self.loops.tasks())

    def leaked(self) -> list[str]:
        """Return the threads that go on though `kill` was called, and where.

        Those that wait for an RPC or the apply channel are in the lab's hands.
        """
        if not hasattr(self.raft, "kill"):
            return []
        excused = {*self.pending_calls.values(), *self.pending_puts.values()}
        return [
            f"{task.name} {place}"
            for task in self.scheduler.tasks
            if task not in excused and (place := place_of(self.submission, task))
        ]

    # What the simulated modules call.

    def next_serial(self, kind: str) -> int:
        """Return 1, 2, 3, … for each `kind`."""
        serial = self._serials[kind] = self._serials.get(kind, 0) + 1
        return serial

    def log(self, line: str) -> None:
        """Record a line that the server printed."""
        self._log_lines += 1
        if len(line) > LINE_CHARS_MAX:
            line = f"{line[:LINE_CHARS_MAX]}… ({len(line)} characters)"
        if self._log_lines < LOG_LINES_MAX:
            self.actions.append(Log(self.scheduler.now_ns, line))
        elif self._log_lines == LOG_LINES_MAX:
            self.actions.append(Log(self.scheduler.now_ns, "… (no more is recorded)"))

    def encode_reply(self, reply: Any, event: Request) -> bytes:
        """Return what the handler of an RPC has returned as bytes."""
        if reply is None:
            self.lint.returned_nothing(event.method.rpartition(".")[2])
        return self.codec.encode(reply)

    # Events.

    def _boot(self, event: Boot) -> None:
        self.scheduler.spawn(self._construct, (event,), "constructor")

    def _construct(self, event: Boot) -> None:
        """Load the submission and construct its class, in the box's first thread."""
        raft_class = self._attempt(
            self.importer.load_class, codes.RAISES_WHEN_LOADED, "while it was loaded"
        )
        if raft_class is None:
            return
        peers = [PeerEnd(self, peer) for peer in range(event.servers)]
        persister = PersisterEnd(self, event.raft_state, event.snapshot)
        args = (peers, self.server, persister, ApplyEnd(self))
        if has_coroutines(raft_class):
            server = AsyncServer(self)
            self._deliver[Request] = server.request
            self._deliver[Invoke] = server.invoke
            server.run(lambda: self._make(raft_class, args))
        else:
            self._make(raft_class, args)

    def _make(self, raft_class: type, args: tuple[Any, ...]) -> None:
        def make() -> Any:
            check_signature(raft_class)
            return raft_class(*args)

        self.raft = self._attempt(
            make, codes.RAISES_IN_CONSTRUCTOR, "in its constructor"
        )
        if self.raft is not None:
            self.actions.append(Ready())

    def _attempt(self, function: Callable[[], Any], code: Code, when: str) -> Any:
        """Return what a function of the submission does; None if it cannot be used."""
        try:
            return function()
        except LoadError as exc:
            self.fail(exc.code, exc.headline, exc.evidence)
        except Exception as exc:
            headline, evidence = exception_report(self.submission, exc)
            if isinstance(exc, ModuleNotFoundError):
                code = codes.MISSING_MODULE
                evidence += f"\n{NOT_THERE}"
            self.fail(code, f"{headline}, {when}", evidence)
        except SystemExit as exc:
            _, evidence = exception_report(self.submission, exc)
            headline = f"it called sys.exit({exc.code!r}) when it was loaded"
            self.fail(codes.EXITS_WHEN_LOADED, headline, f"{evidence}\n{NO_PROGRAM}")
        return None

    def _request(self, event: Request) -> None:
        method = event.method.rpartition(".")[2]
        self.scheduler.spawn(
            self._handle, (event, method), f"{method} from {event.src}"
        )

    def _handle(self, event: Request, method: str) -> None:
        """Run the handler of one RPC, in a thread of its own."""
        try:
            handler = self._handlers.get(method)
            if handler is None:
                handler = self._handlers[method] = self.find_handler(event)
            data = self.encode_reply(handler(self.codec.decode(event.data)), event)
        except (Exception, SystemExit) as exc:
            self.report_handler(exc, event)
            return
        self.actions.append(Reply(event.request_id, data))

    def find_handler(self, event: Request) -> Callable[..., Any]:
        """Return the method that an RPC calls.

        Raises:
            NoSuchMethod: there is none.
        """
        method = event.method.rpartition(".")[2]
        handler = getattr(self.raft, method, None)
        if callable(handler):
            return cast("Callable[..., Any]", handler)
        raise NoSuchMethod(
            f"server {event.src} called {event.method!r}, but the class has no method "
            f"{method!r}; it has {self._known_methods()}"
        )

    def _known_methods(self) -> str:
        kind = type(self.raft)
        known = [
            n for n in dir(kind) if not n.startswith("_") and callable(getattr(kind, n))
        ]
        return ", ".join(known) or "none"

    def _response(self, event: Response) -> None:
        task = self.pending_calls.pop(event.call_id, None)
        if task is not None:
            self.scheduler.wake(task, event.data)
        else:
            self.awaited_calls.settle(event.call_id, event.data)

    def _invoke(self, event: Invoke) -> None:
        self.invoked[event.invoke_id] = self.scheduler.spawn(
            self._run_invoked, (event,), f"{event.method}()"
        )

    def _run_invoked(self, event: Invoke) -> None:
        """Run a method for the service above, in a thread of its own."""
        try:
            value = self.find_method(event)(*event.args)
            value = plain_copy(value, f"what {event.method}() returned")
        except (Exception, SystemExit) as exc:
            self.report(exc, f"in {event.method}()")
            return
        finally:
            self.invoked.pop(event.invoke_id, None)
        self.actions.append(Result(event.invoke_id, value))

    def find_method(self, event: Invoke) -> Callable[..., Any]:
        """Return the method that the service calls; `kill` need not be there.

        Raises:
            NoSuchMethod: there is none.
        """
        method = getattr(self.raft, event.method, None)
        if method is not None:
            return cast("Callable[..., Any]", method)
        if event.method == "kill":
            return lambda: None
        raise NoSuchMethod(
            f"the class has no method {event.method!r}, which the service calls; it has "
            f"{self._known_methods()}"
        )

    def _taken(self, event: Taken) -> None:
        task = self.pending_puts.pop(event.put_id, None)
        if task is not None:
            self.scheduler.wake(task)
        else:
            self.awaited_puts.settle(event.put_id, None)

    # What ends a box.

    def fail(self, code: Code, headline: str, evidence: str = "") -> None:
        """Report that the submission broke; the world will end the test."""
        if not self._crashed:
            self._crashed = True
            self.output.end_line()
            self.actions.append(Crash(code.name, headline, evidence))

    def _escaped(self, exc: BaseException, task: Task) -> bool:
        """Report what left a thread, unless it came from outside, as Ctrl-C does."""
        if self.is_theirs(exc):
            self.report(exc, f"in thread {task.name!r}")
            return True
        return False

    def is_theirs(self, exc: BaseException) -> bool:
        """Return whether the submission raised an exception, rather than the lab."""
        module = type(exc).__module__
        # The submission has an `asyncio` of its own, with its own CancelledError.
        if module in self.importer.own or module.startswith("asyncio."):
            return True
        return isinstance(exc, _THEIRS) and not isinstance(exc, CtrlC)

    def look_after_loop(self, loop: Any) -> None:
        """Do nothing: the simulated event loop tells its box by itself."""

    def report_handler(self, exc: BaseException, event: Request) -> None:
        """End the test: an exception has left an RPC handler."""
        method = event.method.rpartition(".")[2]
        self.report(exc, f"in the RPC handler {method}, called by server {event.src}")

    def report(self, exc: BaseException, where: str) -> None:
        """End the test: an exception has left the submission's code."""
        if isinstance(exc, NoSuchMethod):
            self.fail(codes.NO_SUCH_METHOD, str(exc))
            return
        headline, evidence = exception_report(self.submission, exc)
        self.fail(codes.EXCEPTION, f"{headline}, {where}", evidence)

    def _look_for_deadlock(
        self, actions: list[Action], wake_ns: int | None
    ) -> int | None:
        """Report a deadlock; return when the box wants to be woken."""
        found = find_deadlock(self, idle=wake_ns is None)
        if found is None:
            return wake_ns
        if found.certain:
            self.fail(codes.DEADLOCK, found.headline, found.evidence)
            actions += self.actions
            self.actions = []
            return None
        return found.look_again_ns


def restore_process() -> None:
    """Undo what submissions of earlier runs did to this process's simulated modules."""
    standard_modules().restore()


def check_signature(raft_class: type) -> None:
    """Raise LoadError if the class cannot be constructed as the lab does it."""
    try:
        signature = inspect.signature(raft_class)
    except (TypeError, ValueError):
        return
    try:
        signature.bind("peers", 0, "persister", "apply_ch")
    except TypeError as exc:
        found = ", ".join(["self", *signature.parameters])
        raise LoadError(
            codes.WRONG_PARAMETERS,
            f"{raft_class.__name__}.__init__ has the wrong parameters: {exc}",
            f"found    def __init__({found})\n"
            "expected def __init__(self, peers, me, persister, apply_ch)",
        ) from None
