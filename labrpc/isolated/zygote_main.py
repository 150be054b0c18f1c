"""The zygote: a process with one submission compiled, which forks boxes.

Started by `zygote_start` with SOCKET, a file descriptor. It never runs the
submission's code: only the boxes do, which it forks. A fresh process, not a fork
of the judge, in whose memory are seeds and other submissions' results.
"""

import dis
import gc
import importlib
import os
import resource
import signal
import socket
import sys
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import CodeType

from labrpc.errors import LoadError
from labrpc.isolated import box_main
from labrpc.isolated.channel import Channel, ChannelClosedError
from labrpc.isolated.messages import (
    Await,
    Ended,
    Fork,
    Forked,
    FromZygote,
    Learn,
    Learnt,
    Prepare,
    Prepared,
    decode_to_zygote,
    encode,
)
from labrpc.isolated.warmup import warm_up_interpreter
from labrpc.sandbox.linux import PR_SET_PDEATHSIG, prctl
from labrpc.sandbox.sandbox import OPEN_FILES_MAX, confine, confine_box
from labrpc.simulated import dataclasses_
from labrpc.simulated.os_ import refuse_import
from labrpc.simulated.stdlib import PRIVATE, standard_modules
from labrpc.submission.submission import Submission

# How many dead boxes it remembers: the judge asks for the last one, if at all.
REMEMBERED_MAX = 100
# Boxes inherit it. The more of 1000, the sooner the kernel ends a process.
OOM_SCORE_ADJ = "500"
# How a box ends to which nobody talks any more.
EXIT_BOX = 70


class ZygoteMain:
    """Forks boxes for whoever holds the other end of the channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._ended: OrderedDict[int, Ended] = OrderedDict()

    def serve(self) -> None:
        """Answer requests until the judge closes the channel."""
        prepare, _ = self._receive()
        assert isinstance(prepare, Prepare)
        submission = _submission(prepare)
        files = [file for file in submission.files.values() if file]
        measures = confine(files, prepare.without)
        # After the sandbox, which ends the parent's care for this process.
        with suppress(OSError):
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        _warm_up(list(_compile(submission, prepare.preempt)))
        warm_up_interpreter()
        blank = box_main.BlankBox(submission, prepare.preempt)
        close_files_but(self._channel.fileno())
        gc.disable()
        gc.freeze()
        self._send(Prepared(measures))
        while True:
            request, fds = self._receive()
            if isinstance(request, Fork):
                self._fork(blank, prepare.without, *fds)
            elif isinstance(request, Learn):
                dataclasses_.learn(request.texts)
                self._send(Learnt())
            elif isinstance(request, Await):
                self._send(self._await(request.pid))

    def _receive(self) -> tuple[Prepare | Fork | Learn | Await, list[int]]:
        try:
            data, fds = self._channel.receive()
        except ChannelClosedError:
            os._exit(0)
        return decode_to_zygote(data), fds

    def _send(self, message: FromZygote, *fds: int) -> None:
        self._channel.send(encode(message), *fds)

    def _fork(
        self,
        blank: box_main.BlankBox,
        without: list[str],
        read_fd: int,
        write_fd: int,
    ) -> None:
        self._reap()
        pid = os.fork()
        if pid == 0:
            try:
                self._channel.close()
                confine_box(without)
                box_main.main(blank, read_fd, write_fd)
            finally:
                # Nothing of this process's belongs to the box: no handlers, no buffers.
                os._exit(EXIT_BOX)
        os.close(read_fd)
        os.close(write_fd)
        pidfd = os.pidfd_open(pid)
        self._send(Forked(pid), pidfd)
        os.close(pidfd)

    def _reap(self) -> None:
        """Take leave of the boxes that have ended."""
        with suppress(ChildProcessError):
            while True:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
                if pid == 0:
                    return
                self._ended[pid] = _ended(status, usage)
                if len(self._ended) > REMEMBERED_MAX:
                    self._ended.popitem(last=False)

    def _await(self, pid: int) -> Ended:
        """Wait for a box that the judge has killed, if it had not ended by itself."""
        if pid in self._ended:
            return self._ended.pop(pid)
        try:
            _, status, usage = os.wait4(pid, 0)
        except ChildProcessError:
            # It has ended by itself, so long ago that it is forgotten.
            return Ended(0, 0.0, 0)
        return _ended(status, usage)


def _ended(status: int, usage: resource.struct_rusage) -> Ended:
    return Ended(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss << 10)


def _submission(prepare: Prepare) -> Submission:
    return Submission(
        Path(prepare.path),
        Path(prepare.root),
        prepare.package,
        prepare.class_name,
        {name: Path(file) if file else None for name, file in prepare.files.items()},
    )


def _compile(submission: Submission, preempt: bool) -> Iterator[CodeType]:
    """Compile what can be compiled, so that no box has to."""
    for module in submission.files:
        # What is wrong with it, the box says that imports it.
        with suppress(LoadError, RecursionError, MemoryError):
            code = submission.code(module, preempt)
            if code is not None:
                yield code


def _warm_up(codes: Iterable[CodeType]) -> None:
    """Import what the submission will, so that it is not done once for each box."""
    standard = standard_modules()
    for name in sorted({name for code in codes for name in _imports(code)}):
        # Some of them are programs, which run when they are imported; some ask at once
        # for the time, which only a box has. Not even SystemExit must end this process:
        # what is not imported here, each box imports.
        with suppress(BaseException):
            if name == "asyncio":
                asyncio_ = importlib.import_module("labrpc.simulated.asyncio_")
                asyncio_.add_to(standard)
            elif name in PRIVATE:
                standard.execute(name, dict(standard.modules))
            elif name.partition(".")[0] in sys.stdlib_module_names:
                refuse_import(name)
                standard.lend(importlib.import_module(name))


def close_files_but(channel_fd: int) -> None:
    """Close what libraries have left open, as libffi keeps its own file.

    All boxes would share a file's position, and so a way to send without messages. The
    standard streams are /dev/null, which has none.
    """
    os.closerange(3, channel_fd)
    os.closerange(max(3, channel_fd + 1), OPEN_FILES_MAX)


def _imports(code: CodeType) -> Iterator[str]:
    """Return the modules that a piece of code imports by name."""
    left = [code]
    # Code within code may be nested deeper than a recursion gets.
    while left:
        found = left.pop()
        for instruction in dis.get_instructions(found):
            if instruction.opname == "IMPORT_NAME":
                yield instruction.argval
        left += [part for part in found.co_consts if isinstance(part, CodeType)]


def _be_ended_first() -> None:
    """Let the kernel end this process, or a box, where memory is short: not the judge."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(OOM_SCORE_ADJ)


def main() -> None:
    """Serve on the socket that the command line names."""
    _be_ended_first()
    # Ctrl-C is for the judge, which then ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ZygoteMain(Channel(socket.socket(fileno=int(sys.argv[1])))).serve()
