"""The judge's handle on the zygote: a `BoxFactory` whose boxes are processes.

Start one per submission, and use it for any number of runs.
"""

import os
import select
import signal
import socket
import subprocess
from collections.abc import Collection
from contextlib import suppress
from typing import NoReturn

import msgspec

from labrpc import codes
from labrpc.errors import LabError, LoadError, SubmissionError
from labrpc.isolated.box_main import pack_stream
from labrpc.isolated.messages import (
    Await,
    Begin,
    Ended,
    Fork,
    Forked,
    FromZygote,
    Learn,
    Prepare,
    Prepared,
    decode_from_zygote,
    encode,
)
from labrpc.isolated.process_box import ProcessBox
from labrpc.isolated.support import missing
from labrpc.isolated.warmup import warmup_submission
from labrpc.isolated.zygote_main import REQUEST_BYTES_MAX
from labrpc.machine.lab_process import lab_command
from labrpc.machine.wall_clock import Deadline, cpu_seconds, cpu_seconds_of
from labrpc.machine.watchdog import RUN_CPU_S_MAX
from labrpc.sandbox.measure import Measure
from labrpc.submission.native_hang import stuck_call
from labrpc.submission.submission import Submission
from labrpc.world.streams import incarnation_streams

# Compiling a submission takes a fraction of a second.
COMPILE_CPU_S_MAX = 20.0
# However busy the machine is, an answer that takes so long will not come.
ANSWER_S_MAX = 120.0
LOOK_MS = 1000
# How long it may take to end, once it has closed its socket.
END_S_MAX = 5.0
_STREAMS = ("entropy", "threads")


class Zygote:
    """Makes boxes of one submission, each a process in the sandbox.

    Args:
        require_sandbox: whether to raise LabError where a wall is missing.
        without: walls of the sandbox to leave out, for a test.

    Attributes:
        submission: what every box runs.
        preempt: whether its threads may lose their turn between two statements.
        measures: which walls of the sandbox stand, once it has started.
        steps: how often a box of its was stepped.
    """

    def __init__(
        self,
        submission: Submission,
        preempt: bool = False,
        require_sandbox: bool = False,
        without: Collection[str] = (),
    ) -> None:
        if missing():
            raise LabError(missing())
        self.submission = submission
        self.preempt = preempt
        self.measures: list[Measure] = []
        self.steps = 0
        self._boxes: dict[int, ProcessBox] = {}
        self._ended_cpu_s = 0.0
        self._run_began_s = 0.0
        self._has_learnt = False
        self._require_sandbox = require_sandbox
        self._without = sorted(without)
        self._start()

    def _start(self) -> None:
        """Start the process, and wait until it can make boxes.

        Raises:
            LoadError: it cannot, for the submission's sake.
            LabError: it cannot.
        """
        self._prepared = False
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._process = _spawn(theirs)
        except OSError as exc:
            self._control.close()
            raise LabError(f"Python cannot be started again here: {exc}") from None
        finally:
            theirs.close()
        found = self.submission
        files = {
            name: str(file) if file else None for name, file in found.files.items()
        }
        try:
            self._send(
                Prepare(
                    str(found.path),
                    str(found.root),
                    found.package,
                    found.class_name,
                    files,
                    self.preempt,
                    self._without,
                )
            )
            answer, _ = self._receive()
        except BaseException:  # Ctrl-C, too.
            self.close()
            raise
        assert isinstance(answer, Prepared)
        self.measures = answer.measures
        self._prepared = True
        lacking = [wall.name for wall in self.measures if not wall.in_force]
        if lacking and self._require_sandbox:
            self.close()
            raise LabError(f"the sandbox lacks {', '.join(lacking)} on this machine")

    # What a box factory does.

    @property
    def cpu_s(self) -> float:
        """CPU seconds that the zygote and its boxes have used so far."""
        seconds = self._ended_cpu_s + self._zygote_cpu_s()
        for pid in list(self._boxes):
            with suppress(OSError):
                seconds += cpu_seconds_of(pid)
        return seconds

    def _zygote_cpu_s(self) -> float:
        try:
            return cpu_seconds_of(self._process.pid)
        except OSError:
            return 0.0

    def begin_run(self) -> None:
        """Forget what earlier runs have used up, and begin anew if one has died."""
        if self._process.poll() is not None:
            self.close()
            self._start()
        self._run_began_s = self.cpu_s + cpu_seconds()

    def box(self, server: int, incarnation: int, seed: str) -> ProcessBox:
        """Fork the box of one incarnation, in the run with this seed.

        Raises:
            LabError: no process could be made.
        """
        streams = incarnation_streams(seed, server, incarnation)
        names = (*_STREAMS, "preemption") if self.preempt else _STREAMS
        states = {name: pack_stream(streams(name)) for name in names}
        their_read, our_write = os.pipe()
        our_read, their_write = os.pipe()
        try:
            self._send(Fork(), their_read, their_write)
            answer, fds = self._receive()
        finally:
            os.close(their_read)
            os.close(their_write)
        assert isinstance(answer, Forked)
        for fd in (our_read, our_write):
            os.set_blocking(fd, False)
        begin = Begin(server, incarnation, states)
        box = ProcessBox(self, begin, answer.pid, fds[0], our_read, our_write)
        self._boxes[answer.pid] = box
        return box

    def close(self) -> None:
        """End the zygote and every box."""
        for box in list(self._boxes.values()):
            box.crash()
        self._control.close()
        self._process.kill()
        self._process.wait()

    # What a box asks for.

    def check_budget(self) -> None:
        """End the run if it has used up its time.

        Raises:
            SubmissionError: it has.
        """
        if self.cpu_s + cpu_seconds() - self._run_began_s > RUN_CPU_S_MAX:
            raise SubmissionError(
                codes.RUN_CPU_LIMIT,
                f"the run used more than {RUN_CPU_S_MAX:.0f} s of CPU time",
                "most often a thread wakes up far too often: let it wait for what it "
                "needs",
            )

    def note_boot(self, box: ProcessBox) -> None:
        """Let the zygote learn what its first box had to compile.

        What it is told may be forged, and may even be its end; then the next one
        learns nothing.
        """
        if self._has_learnt:
            return
        self._has_learnt = True
        learn = Learn(box.texts())
        if len(encode(learn)) <= REQUEST_BYTES_MAX:
            self._send(learn)

    def note_end(self, pid: int, cpu_s: float) -> None:
        """Count what a box has used that is about to be killed."""
        self._boxes.pop(pid, None)
        self._ended_cpu_s += cpu_s

    def await_end(self, pid: int) -> Ended:
        """Return how a box has ended, once it has."""
        self._send(Await(pid))
        answer, _ = self._receive()
        assert isinstance(answer, Ended)
        return answer

    def stuck_call(self, stack: bytes) -> tuple[str, str]:
        """Return reason and evidence for a call into C that did not return."""
        return stuck_call(stack.decode(errors="replace"), self.submission)

    # The conversation with the zygote, which can be trusted until it dies.

    def _send(self, message: Prepare | Fork | Learn | Await, *fds: int) -> None:
        data = encode(message)
        if len(data) > REQUEST_BYTES_MAX:
            raise LoadError(
                codes.LONG_FILE_NAMES,
                "the names of the submission's files are too long in total: "
                f"{len(data) >> 10} KB",
                f"at most {REQUEST_BYTES_MAX >> 10} KB can be handed to the sandbox: "
                "use fewer folders within folders",
            )
        try:
            if fds:
                socket.send_fds(self._control, [data], fds)
            else:
                self._control.send(data)
        except OSError:
            self._gone()

    def _receive(self) -> tuple[FromZygote, list[int]]:
        readable = select.poll()
        readable.register(self._control, select.POLLIN)
        deadline = Deadline(ANSWER_S_MAX)
        while not readable.poll(LOOK_MS):
            if not self._prepared and self._zygote_cpu_s() > COMPILE_CPU_S_MAX:
                raise LoadError(
                    codes.SLOW_TO_COMPILE,
                    f"compiling the submission used {COMPILE_CPU_S_MAX:.0f} s of CPU "
                    "time and did not finish",
                )
            if deadline.left_s() <= 0:
                raise LabError(f"the zygote has not answered for {ANSWER_S_MAX:.0f} s")
        try:
            data, fds, _, _ = socket.recv_fds(self._control, REQUEST_BYTES_MAX, 1)
            return decode_from_zygote(data), fds
        except (OSError, msgspec.DecodeError):
            self._gone()

    def _gone(self) -> NoReturn:
        """Raise an error that says how the zygote has ended."""
        try:
            status = self._process.wait(END_S_MAX)
        except subprocess.TimeoutExpired:  # It has closed the socket, and lives on.
            self._process.kill()
            status = self._process.wait()
        if not self._prepared and status < 0 and -status != signal.SIGKILL:
            raise LoadError(
                codes.COMPILER_DIED,
                f"Python crashed with {signal.Signals(-status).name} while it compiled "
                "the submission",
            )
        raise LabError(f"the zygote has ended, with status {status}")


def sandbox_measures() -> list[Measure]:
    """Return which walls of the sandbox stand on this machine.

    Raises:
        LabError: there can be no isolation here.
    """
    zygote = Zygote(warmup_submission())
    zygote.close()
    return zygote.measures


def _spawn(control: socket.socket) -> "subprocess.Popen[bytes]":
    """Start the zygote, with nothing of the judge's but one socket."""
    environment = {
        "PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED", "0"),
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
    }
    fd = control.fileno()
    return subprocess.Popen(
        lab_command("labrpc.isolated.zygote_main", fd),
        env=environment,
        pass_fds=(fd,),
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # A process group of its own, should a server signal all of its group.
        start_new_session=True,
    )
