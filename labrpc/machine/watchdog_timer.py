"""Calling a watchdog regularly while code runs that may never wait.

Interval timers of CPU time do it where the system has them: no thread beside the lab's,
and no call while the machine is busy with something else. Elsewhere, as on Windows, a
thread interrupts the main one as a signal does; what it calls counts CPU time itself.

A call into C that does not return cannot be interrupted so. `faulthandler` then writes
the stack of every thread, and ends the process, if a `HangPolicy` wants it.
"""

import _thread
import faulthandler
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from labrpc.machine.wall_clock import cpu_seconds

LOOK_EVERY_S = 0.05
# CPU time after which a call into C counts as one that does not return.
CALL_CPU_S_MAX = 3.0
# The same in real time, where no timer counts CPU time.
CALL_REAL_S_MAX = 10.0

Look = Callable[[int, FrameType | None], None]
"""A handler of signals: called in the main thread, with the frame that it interrupts."""


@dataclass(frozen=True)
class HangPolicy:
    """What happens on a hang in C: a call that no Python code can end.

    Attributes:
        fd: where the stack of every thread is then written.
        ends_process: whether this process ends then; if not, whoever reads `fd`
            must end it.
    """

    fd: int
    ends_process: bool = True


def looking_in(look: Look, policy: HangPolicy | None) -> AbstractContextManager[None]:
    """Call `look` every LOOK_EVERY_S while the block runs, in the main thread.

    Args:
        look: may raise, and may leave the greenlet that it has interrupted. It is
            called without a frame in between, for which there may be no room, and
            calls `note_look`.
        policy: what happens on a hang in C; None lets it go on for ever.
    """
    if hasattr(signal, "setitimer"):
        return _by_timers(look, policy)
    return _by_thread(look, policy)


def note_look(policy: HangPolicy | None) -> None:
    """Begin anew to wait for a hang in C: at a look, Python code runs."""
    if policy is not None and hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_VIRTUAL, CALL_CPU_S_MAX)


@contextmanager
def _by_timers(look: Look, policy: HangPolicy | None) -> Iterator[None]:
    """Look in by a timer that counts CPU time."""
    before: Any = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, LOOK_EVERY_S, LOOK_EVERY_S)
    try:
        with _ended_in_c(policy):
            yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextmanager
def _ended_in_c(policy: HangPolicy | None) -> Iterator[None]:
    """Let a handler in C end what no handler in Python can, if that is wanted.

    Its timer counts CPU time and begins anew at each look of the watchdog, which
    come only while Python code runs. So neither a busy machine nor a person at a
    debugger's prompt sets it off.
    """
    if policy is None:
        yield
        return
    before = signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    faulthandler.register(
        signal.SIGVTALRM,
        file=policy.fd,
        all_threads=True,
        # The handler before it is the default one, which ends the process.
        chain=policy.ends_process,
    )
    signal.setitimer(signal.ITIMER_VIRTUAL, CALL_CPU_S_MAX)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        faulthandler.unregister(signal.SIGVTALRM)
        signal.signal(signal.SIGVTALRM, before)


@contextmanager
def _by_thread(look: Look, policy: HangPolicy | None) -> Iterator[None]:
    """Look in by a thread that interrupts the main one.

    Where there are no interval timers, nobody sends SIGTERM either: a process is ended
    there without being asked.
    """
    has_ended = threading.Event()

    def interrupt() -> None:
        looked_s = cpu_seconds()
        while not has_ended.wait(LOOK_EVERY_S):
            # Whoever gets here has got the interpreter's lock: no call into C holds it.
            _await_hang(policy)
            # As seldom as a timer of CPU time, however busy the machine is.
            if cpu_seconds() - looked_s >= LOOK_EVERY_S:
                looked_s = cpu_seconds()
                _thread.interrupt_main(signal.SIGTERM)

    before: Any = signal.signal(signal.SIGTERM, look)
    thread = threading.Thread(target=interrupt, name="raft-lab watchdog", daemon=True)
    _await_hang(policy)
    thread.start()
    try:
        yield
    finally:
        has_ended.set()
        thread.join()
        if policy is not None:
            faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGTERM, before)


def _await_hang(policy: HangPolicy | None) -> None:
    """Begin anew to wait for a call into C that does not return."""
    if policy is not None:
        faulthandler.dump_traceback_later(
            CALL_REAL_S_MAX, file=policy.fd, exit=policy.ends_process
        )
