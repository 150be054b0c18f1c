"""A box whose threads are greenlets of this process.

It runs the submission. Only bytes and plain values pass through `step`, so a box in
a process of its own can stand behind the same interface.
"""

import builtins
from collections.abc import Iterator
from contextlib import contextmanager

from labrpc import codes
from labrpc.box.deadlock import find_deadlock, find_held_lock
from labrpc.box.debugger import Debugger
from labrpc.box.encoding import Codec
from labrpc.box.lint import Linter
from labrpc.box.outbox import Outbox
from labrpc.box.plain_state import StateReader
from labrpc.box.reports import BoxReports
from labrpc.box.server_box import ServerBox
from labrpc.box.task_deadlock import describe_chain, find_lock_between_tasks
from labrpc.scheduling.preemption import IS_PREEMPTED, PREEMPTED, Preemption
from labrpc.scheduling.scheduler import Scheduler, current_task
from labrpc.simulated import importer
from labrpc.simulated.context import BoxContext
from labrpc.simulated.event_loop import close_coroutine
from labrpc.simulated.output import Output
from labrpc.simulated.stdlib import standard_modules
from labrpc.submission.entry import Entry
from labrpc.submission.stacks import (
    place_of,
    running_line,
    running_thread_report,
    tasks_report,
    threads_report,
)
from labrpc.submission.submission import Submission
from labrpc.world.box import Step
from labrpc.world.events import Action, Event, Preempt
from labrpc.world.streams import Streams


class InProcessBox(ServerBox):
    """One incarnation of a server, in simulated threads.

    Args:
        submission: what it runs.
        server: the server's number.
        incarnation: which of the server's lives this is, from 1.
        streams: the incarnation's random streams, by name.
        preempt: whether its threads may lose their turn between two statements.
        debugger: looks into it; None without a debugger.
        entry: what it constructs; None for the submission's own class.
    """

    def __init__(
        self,
        submission: Submission,
        server: int,
        incarnation: int,
        streams: Streams,
        preempt: bool = False,
        debugger: Debugger | None = None,
        entry: Entry | None = None,
    ) -> None:
        context = BoxContext(submission, server, incarnation, streams("entropy"))
        outbox = Outbox()
        context.reports = reports = BoxReports(context, outbox, debugger)
        context.output = Output(reports.log)
        context.lint = self._lint = Linter(context, outbox)
        context.scheduler = Scheduler(streams("threads"), reports.escaped, context)
        if preempt:
            context.preemption = Preemption(
                context.scheduler, streams("preemption"), self._note_preemption
            )
        context.importer = self._importer = importer.Importer(submission, context)
        if debugger is not None:
            self._importer.builtins["breakpoint"] = debugger.breakpoint
        self._state_reader = StateReader(self._importer.own)
        codec = Codec(self._importer.own, self._importer.load_own)
        super().__init__(context, outbox, reports, self._lint, codec, entry)
        self._deliver[Preempt] = self._plan_preemption

    def become(self, server: int, incarnation: int, entry: Entry | None) -> None:
        """Be another incarnation, before the first step; its streams are set elsewhere."""
        self.context.server, self.context.incarnation = server, incarnation
        self._entry = entry or self.context.submission.entry

    # What the world calls.

    def step(self, now_ns: int, event: Event) -> Step:
        """Deliver `event` and run until every thread waits."""
        importer.install(self._importer.own)
        scheduler = self.context.scheduler
        self._deliver[type(event)](event)
        scheduler.run(now_ns)
        self._lint.warn_of_lost()
        actions = self._outbox.take()
        wake_ns = scheduler.next_timer_ns()
        if scheduler.contended and not self._reports.failed:
            wake_ns = self._look_for_deadlock(actions, wake_ns)
        return actions, wake_ns

    def _plan_preemption(self, event: Preempt) -> None:
        """Let a thread lose its turn where the world says, if the box preempts at all."""
        preemption = self.context.preemption
        if preemption is None:
            return
        preemption.plan(event.nth, event.place, event.away_ns)
        for module in self._importer.own.values():
            vars(module).update(preemption.names())

    def _note_preemption(self) -> None:
        """Record where a thread is about to lose its turn."""
        task, line = current_task(), running_line(self.context.submission)
        if task is not None:
            place = f"at {line}" if line else "before it begins"
            self.context.annotate(f"{task.name} {IS_PREEMPTED} {place}")

    def _look_for_deadlock(
        self, actions: list[Action], wake_ns: int | None
    ) -> int | None:
        """Report a deadlock; return when the box wants to be woken."""
        idle = wake_ns is None and not self._calls
        found = find_deadlock(self.context, self._server.invoked.values(), idle)
        if found is None:
            return wake_ns
        if found.certain:
            self._reports.fail(codes.DEADLOCK, found.headline, found.evidence)
            actions += self._outbox.take()
            return None
        return found.look_again_ns

    def crash(self) -> None:
        """End the incarnation, as a power cut does."""
        importer.install(self._importer.own)
        context = self.context
        # Kept, so that none is freed and unwound before its turn.
        tasks = context.loops.tasks()
        context.scheduler.kill()
        for loop in list(context.loops.all):
            loop.lab_cut_off()
        for task in tasks:
            context.scheduler.run_dying(close_coroutine, (task.get_coro(),))
        context.scheduler.run_dying(self._methods.let_go, ())
        importer.install({})

    def runaway(self) -> str:
        """Return where the thread that does not stop stands."""
        return running_thread_report(self.context.submission)

    def threads(self) -> str:
        """Return the threads and where each waits."""
        context, first = self.context, self._server.invoked.values()
        tasks = [*first, *context.scheduler.tasks]
        report = threads_report(context.submission, tasks)
        return report + tasks_report(context.submission, context.loops.tasks())

    def stuck(self) -> tuple[str, str]:
        """Return which lock keeps calls from returning, and where they wait."""
        context = self.context
        serving = [t for t in context.scheduler.tasks if self._server.serves(t)]
        words, threads = find_held_lock(context, serving, self._gets.last_asking)
        calls = self._async_server.open_calls() if self._async_server else []
        if not calls:
            return words, threads
        tasks = context.loops.tasks()
        # The clock of an idle box stands still.
        idle = context.scheduler.next_timer_ns() is None and not self._calls
        now_ns = None if idle else context.scheduler.now_ns
        chain = find_lock_between_tasks(tasks, calls, now_ns)
        words = words or describe_chain(context.submission, chain)
        shown = dict.fromkeys([*chain, *calls, *tasks])
        coroutines = tasks_report(context.submission, list(shown))
        return words, (threads + coroutines).lstrip("\n")

    def state(self) -> dict[str, str]:
        """Return the plain attributes of the server's object, as text."""
        return self._state_reader.read(self._methods.server)

    def leaked(self) -> list[str]:
        """Return the threads that go on though `kill` was called, and where.

        Those that wait for an RPC or the apply channel are in the lab's hands.
        """
        if not hasattr(self._methods.server, "kill"):
            return []
        excused = {
            task
            for pending in (self._calls, self._puts, self._gets)
            for task in pending.threads.values()
        }
        return [
            f"{task.name} {place}"
            for task in self.context.scheduler.tasks
            if task not in excused
            # It may have just come back from an RPC, to end at its next turn.
            and task.waits_for != PREEMPTED
            and (place := place_of(self.context.submission, task))
        ]

    # Debuggers.

    @contextmanager
    def at_prompt(self) -> Iterator[None]:
        """Let a person look at this box: nothing waits, and `print` prints there.

        The prompt is in the box's running thread, or after the run in none of them.
        """
        names, task = self._importer.builtins, current_task()
        to_log = names["print"]
        names["print"] = builtins.print
        if task is not None:
            task.may_not_wait = True
        try:
            yield
        finally:
            names["print"] = to_log
            if task is not None:
                task.may_not_wait = task.dying


def restore_process() -> None:
    """Undo what submissions of earlier runs did to this process's simulated modules."""
    standard_modules().restore()
