"""A box in a process of its own, as the world sees it.

Sends an event, waits for what the box did, and believes nothing of it before it
has been looked at. Whatever is wrong with the answer, or with the process, is
the submission's failure: nothing else runs in there.
"""

import os
import select
import signal
from contextlib import suppress
from typing import NoReturn, Protocol

import msgspec

from labrpc import codes
from labrpc.errors import (
    EVIDENCE_CHARS_MAX,
    HEADLINE_CHARS_MAX,
    LabError,
    SubmissionError,
    as_said_by_box,
)
from labrpc.isolated.box_output import (
    BoxOutput,
    ForgedError,
)
from labrpc.isolated.messages import (
    FRAME_BYTES_MAX,
    HEAD_BYTES,
    READ_BYTES,
    Answer,
    Ask,
    Begin,
    Broke,
    Ended,
    FromBox,
    Step,
    Stepped,
    body_length,
    decode_from_box,
    encode,
    framed,
    packed_invoke,
)
from labrpc.isolated.run_limits import LOOK_MS
from labrpc.machine.activity import IdleMeter
from labrpc.machine.wall_clock import cpu_seconds_of_all
from labrpc.sandbox.sandbox import BOX_BYTES_MAX, BOX_CPU_S_MAX
from labrpc.submission.entry import SERVER_PARAMETERS
from labrpc.world.box import Step as StepDone
from labrpc.world.events import Event, Invoke

# CPU time that a silent box may take. Its own watchdog acts after one second.
SILENT_CPU_S_MAX = 5.0
# Real time for which a box may sleep instead of answering.
SILENT_IDLE_S_MAX = 10.0
LINES_MAX = 1000
# Longer than any attribute that a box shows.
STATE_CHARS_MAX = 2000
# How long a process that has closed its pipes may take to come to its end.
END_MS = 2000
# How the stacks begin that are written where a call into C does not return, instead
# of a frame: see `labrpc.machine.watchdog.HangPolicy`.
STACKS_BEGIN = (b"Current thread", b"Thread 0x")
STACKS_BYTES_MAX = 1 << 20


class Keeper(Protocol):
    """What a box asks of the zygote that has made it."""

    def look_if_due(self) -> None:
        """End the run if it has taken too much, and nobody has looked for a moment."""

    def await_end(self, pid: int) -> Ended:
        """Return how a box has ended, once it has."""

    def note_end(self, pid: int) -> None:
        """Count what a box has used that is about to be killed."""

    def check_memory(self, ended_bytes_max: int) -> None:
        """End the run if its servers had too much memory when one was killed."""

    def stuck_call(self, stack: bytes) -> tuple[str, str]:
        """Return reason and evidence for a call into C that did not return."""


class Patience:
    """How long the judge waits for one answer of a box.

    In the box's own time: how busy the machine is does not count.
    """

    def __init__(self, server: int, pid: int) -> None:
        self._server = server
        self._pid = pid
        self._began_s = self._cpu_s()
        # The judge's own time is not the box's: it may be slow to read.
        self._pids = (os.getpid(), pid)
        self._idle = IdleMeter(self._pids, LOOK_MS)

    def look(self) -> None:
        """Give the box up if it has used too much time.

        Raises:
            SubmissionError: it has.
        """
        if self._cpu_s() - self._began_s > SILENT_CPU_S_MAX:
            raise SubmissionError(
                codes.PROCESS_SILENT,
                f"server {self._server}: its process used {SILENT_CPU_S_MAX:.0f} s of "
                "CPU time without answering",
                "the submission has disabled the lab's watchdog in that process, or a "
                "call into C does not return",
            )
        if self._idle.look(self._pids) > SILENT_IDLE_S_MAX:
            raise SubmissionError(
                codes.PROCESS_SILENT,
                f"server {self._server}: its process sleeps and does not answer",
                "a server may wait in virtual time only, through the simulated modules",
            )

    def _cpu_s(self) -> float:
        # Where it has ended, the pipe will say so.
        return cpu_seconds_of_all([self._pid])


class ProcessBox:
    """One incarnation, in a process that is stepped over two pipes.

    Args:
        keeper: the zygote that has forked it.
        begin: who it is.
        pid: its number, which stays its own until the zygote is asked.
        pidfd: the process itself.
        read_fd: where it answers; does not block.
        write_fd: where it listens; does not block.
    """

    def __init__(
        self,
        keeper: Keeper,
        begin: Begin,
        pid: int,
        pidfd: int,
        read_fd: int,
        write_fd: int,
    ) -> None:
        self.server = begin.server
        self._keeper = keeper
        self._pid = pid
        self._pidfd = pidfd
        self._read_fd = read_fd
        self._write_fd = write_fd
        parameters = begin.entry.parameters if begin.entry else SERVER_PARAMETERS
        self._output = BoxOutput(begin.server, parameters)
        readable = select.poll()
        readable.register(read_fd, select.POLLIN)
        self._poll = readable.poll
        self._patience: Patience | None = None
        self._ended = False
        self._broken: SubmissionError | None = None
        self._send(framed(encode(begin)))

    # What the world calls.

    def step(self, now_ns: int, event: Event) -> StepDone:
        """Deliver `event`, and wait until the box has done what it does."""
        self._keeper.look_if_due()
        self._output.expect(now_ns, event)
        if type(event) is Invoke:
            event = packed_invoke(event)
        answer = self._exchange(Step(now_ns, event))
        if type(answer) is not Stepped:
            self._forged("answers a different question")
        if answer.actions:
            return self._output.checked(answer.actions), answer.wake_ns
        return answer.actions, answer.wake_ns

    def crash(self) -> None:
        """Kill the process: nothing of it goes on."""
        if self._ended:
            return
        self._ended = True
        self._keeper.note_end(self._pid)
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        for fd in (self._pidfd, self._read_fd, self._write_fd):
            os.close(fd)

    def runaway(self) -> str:
        """Return "": a watchdog of its own looks after the process."""
        return ""

    def threads(self) -> str:
        """Return the threads and where each waits, for a person."""
        return "\n".join(self._ask("threads"))[:EVIDENCE_CHARS_MAX]

    def stuck(self) -> tuple[str, str]:
        """Return which lock keeps calls from returning, and where they wait."""
        words, *where = [*self._ask("stuck"), ""]
        words = words[:HEADLINE_CHARS_MAX].replace("\n", " ")
        return words, "\n".join(where)[:EVIDENCE_CHARS_MAX].strip("\n")

    def leaked(self) -> list[str]:
        """Return the threads that go on though `kill` was called, and where."""
        return [line[:HEADLINE_CHARS_MAX] for line in self._ask("leaked")]

    def state(self) -> dict[str, str]:
        """Return the plain attributes of the server's object, as text.

        Nothing if the process cannot say: then the next step fails with the reason,
        since to record a run must not end it.
        """
        try:
            lines = [line[:STATE_CHARS_MAX] for line in self._ask("state")]
        except SubmissionError as exc:
            self._broken = self._broken or exc
            return {}
        return dict(zip(lines[::2], lines[1::2], strict=False))

    def texts(self) -> list[str]:
        """Return what the box had to compile while it ran."""
        return self._ask("texts")

    def _ask(self, what: str) -> list[str]:
        if self._ended:
            return []
        answer = self._exchange(Ask(what))
        if not isinstance(answer, Answer):
            self._forged("answers a different question")
        return answer.lines[:LINES_MAX]

    # The conversation.

    def _exchange(self, message: Step | Ask) -> FromBox:
        if self._broken is not None:
            raise self._broken
        self._send(framed(encode(message)))
        data = self._receive()
        try:
            answer: FromBox = decode_from_box(data)
        except (msgspec.DecodeError, RecursionError, ValueError):
            self._forged("sends something that is not a message")
        if type(answer) is Broke:
            raise SubmissionError(
                codes.failure_of_box(answer.code),
                answer.headline,
                as_said_by_box(answer.evidence),
            )
        return answer

    def _send(self, data: bytes) -> None:
        try:
            written = os.write(self._write_fd, data)
        except BlockingIOError:
            written = 0  # It has not read what it was sent before.
        except BrokenPipeError:
            self._gone(b"")
        if written < len(data):
            self._send_rest(memoryview(data)[written:])

    def _send_rest(self, data: memoryview) -> None:
        """Send what the pipe had no room for."""
        writable = select.poll()
        writable.register(self._write_fd, select.POLLOUT)
        self._patience = None
        while data:
            if not writable.poll(LOOK_MS):
                self._look()
                continue
            try:
                data = data[os.write(self._write_fd, data) :]
            except BrokenPipeError:
                self._gone(b"")

    def _receive(self) -> bytes:
        """Wait for one frame, and for nothing after it."""
        if self._poll(LOOK_MS):
            data = os.read(self._read_fd, READ_BYTES)
            if len(data) > HEAD_BYTES and len(data) == HEAD_BYTES + body_length(data):
                return data[HEAD_BYTES:]
        else:
            data = b""
        # Also when it has ended: to read that again costs nothing.
        return self._receive_rest(bytearray(data))

    def _receive_rest(self, data: bytearray) -> bytes:
        """Wait for the rest of a frame."""
        self._patience = None
        while True:
            if len(data) >= HEAD_BYTES:
                length = body_length(data)
                if length > FRAME_BYTES_MAX:
                    self._no_frame(data, length)
                if len(data) > HEAD_BYTES + length:
                    self._forged("sends more than it was asked for")
                if len(data) == HEAD_BYTES + length:
                    return bytes(data[HEAD_BYTES:])
            if not self._poll(LOOK_MS):
                self._look()
                continue
            more = os.read(self._read_fd, READ_BYTES)
            if not more:
                self._gone(bytes(data))
            data += more
            if len(more) < READ_BYTES:
                # A frame that comes in small pieces must not take for ever. Between
                # two of them it may wait for the pipe, as often as it has to.
                self._look()

    # When something is wrong.

    def _forged(self, what: str) -> NoReturn:
        raise ForgedError(self.server, what)

    def _look(self) -> None:
        """See why the box says nothing, and give it up if it is its own fault."""
        self._keeper.look_if_due()
        if self._patience is None:
            self._patience = Patience(self.server, self._pid)
        self._patience.look()

    def _no_frame(self, data: bytearray, length: int) -> NoReturn:
        """Say what begins like no frame: stacks of a hang in C, or too much for one."""
        if data.startswith(STACKS_BEGIN):
            self._gone(bytes(data))
        raise SubmissionError(
            codes.STEP_TOO_LARGE,
            f"server {self.server}: its process reports {length >> 20} MB in one step",
            "what a server sends, saves, prints and applies in one step of its threads "
            f"may take {FRAME_BYTES_MAX >> 20} MB: some message, state or snapshot "
            "grows without end",
        )

    def _gone(self, data: bytes) -> NoReturn:
        """Raise an error that says how the process has ended."""
        while len(data) < STACKS_BYTES_MAX and (more := self._rest()):
            data += more
        by_itself = self._has_ended()
        self.crash()
        ended = self._keeper.await_end(self._pid)
        number = os.waitstatus_to_exitcode(ended.status)
        if data.startswith(STACKS_BEGIN):
            reason, evidence = self._keeper.stuck_call(data)
            raise SubmissionError(
                codes.HANGS_IN_C, f"server {self.server}: {reason}", evidence
            )
        if not by_itself:
            self._forged("has closed its pipes")
        if number >= 0:
            raise SubmissionError(
                codes.PROCESS_ENDED,
                f"server {self.server}: its process ended by itself, with exit status "
                f"{number}",
                "a server runs until the lab ends it",
            )
        greedy = ended.rss_bytes_max > BOX_BYTES_MAX or ended.cpu_s > BOX_CPU_S_MAX
        if -number == signal.SIGKILL and not greedy:
            self._keeper.check_memory(ended.rss_bytes_max)
            raise LabError(
                f"the process of server {self.server} was killed from outside: is the "
                "machine out of memory?"
            )
        name = _signal_name(-number)
        raise SubmissionError(
            codes.PROCESS_ENDED,
            f"server {self.server}: its process died of {name}",
            "the Python interpreter crashed, or the process needed more memory than it "
            "may take",
        )

    def _has_ended(self) -> bool:
        """Return whether the process is dead, or will be in a moment."""
        ended = select.poll()
        ended.register(self._pidfd, select.POLLIN)
        return bool(self._ended or ended.poll(END_MS))

    def _rest(self) -> bytes:
        """Return what else it has said, without waiting long."""
        if self._ended or not self._poll(LOOK_MS):
            return b""
        return os.read(self._read_fd, READ_BYTES)


def _signal_name(number: int) -> str:
    """Return a signal's name; most real-time signals have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
