"""The judge's end of the conversation with a zygote: one question, one answer.

The zygote can be trusted until it dies; what it is asked to do may still be made
costly by the submission. So every request has a limit of CPU time, and of time in
which the zygote is idle.
"""

import os
import select
import signal
import socket
import subprocess
from enum import Enum

import msgspec

from labrpc.errors import LabError
from labrpc.isolated.channel import Channel, ChannelClosedError
from labrpc.isolated.messages import (
    Await,
    Fork,
    FromZygote,
    Learn,
    Prepare,
    decode_from_zygote,
    encode,
)
from labrpc.machine.activity import IdleMeter
from labrpc.machine.lab_process import lab_command
from labrpc.machine.wall_clock import cpu_seconds_of_all

LOOK_MS = 100
# Forking takes a millisecond.
CPU_S_MAX = 10.0
# It never has to wait for anything.
IDLE_S_MAX = 30.0
# How long it may take to end, once it has closed its end of the channel.
END_S_MAX = 5.0
# The names of 500 files take far less; it holds all of a request in memory.
REQUEST_BYTES_MAX = 1 << 22


class Trouble(Enum):
    """Why a zygote did not answer."""

    SLOW = "used too much CPU time"
    IDLE = "was idle"
    DIED = "ended"
    TOO_LONG = "was asked too much at once"


class ZygoteError(Exception):
    """A zygote did not answer; it is no longer there.

    Attributes:
        trouble: why.
        status: how it ended, as `subprocess` has it.
    """

    def __init__(self, trouble: Trouble, status: int = 0) -> None:
        super().__init__(trouble, status)
        self.trouble = trouble
        self.status = status

    @property
    def signal(self) -> signal.Signals | None:
        """The signal that it died of by itself, if it did."""
        died = self.trouble is Trouble.DIED and self.status < 0
        return signal.Signals(-self.status) if died else None

    def __str__(self) -> str:
        """Return what has happened, in words."""
        if self.trouble is Trouble.DIED:
            return f"the zygote has ended, with status {self.status}"
        return f"the zygote {self.trouble.value}, and has not answered"


class ZygoteLink:
    """A zygote's process, and the channel to it.

    Raises:
        LabError: no process can be started.
    """

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        try:
            self._process = _spawn(theirs)
        except OSError as exc:
            ours.close()
            raise LabError(f"Python cannot be started again here: {exc}") from None
        finally:
            theirs.close()
        self._channel = Channel(ours)
        self._readable = select.poll()
        self._readable.register(ours, select.POLLIN)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether the process is no longer there."""
        return self._process.poll() is not None

    def ask(
        self,
        message: Prepare | Fork | Learn | Await,
        *fds: int,
        cpu_s_max: float = CPU_S_MAX,
    ) -> tuple[FromZygote, list[int]]:
        """Return the answer to a message, and the open files that come with it.

        Args:
            message: the request.
            fds: open files that go with it.
            cpu_s_max: CPU seconds that the answer may take.

        Raises:
            ZygoteError: there is none.
        """
        data = encode(message)
        if len(data) > REQUEST_BYTES_MAX:
            self.close()
            raise ZygoteError(Trouble.TOO_LONG)
        try:
            self._channel.send(data, *fds)
            self._wait(cpu_s_max)
            answer, their_fds = self._channel.receive()
            return decode_from_zygote(answer), their_fds
        except (ChannelClosedError, msgspec.DecodeError):
            raise self._ended() from None

    def close(self) -> None:
        """End the process."""
        self._channel.close()
        self._process.kill()
        self._process.wait()

    def _wait(self, cpu_s_max: float) -> None:
        """Wait until there is an answer, or the end of the channel."""
        if self._readable.poll(LOOK_MS):
            return
        began_s = self._cpu_s()
        idle = IdleMeter([self.pid], LOOK_MS)
        while not self._readable.poll(LOOK_MS):
            if self._cpu_s() - began_s > cpu_s_max:
                self.close()
                raise ZygoteError(Trouble.SLOW)
            if idle.look([self.pid]) > IDLE_S_MAX:
                self.close()
                raise ZygoteError(Trouble.IDLE)

    def _cpu_s(self) -> float:
        return cpu_seconds_of_all([self.pid])

    def _ended(self) -> ZygoteError:
        """Return how the process has ended."""
        try:
            status = self._process.wait(END_S_MAX)
        except subprocess.TimeoutExpired:  # It has closed the channel, and lives on.
            self._process.kill()
            status = self._process.wait()
        return ZygoteError(Trouble.DIED, status)


def _spawn(control: socket.socket) -> "subprocess.Popen[bytes]":
    """Start the zygote, with nothing of the judge's but one socket."""
    environment = {
        "PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED", "0"),
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
    }
    fd = control.fileno()
    return subprocess.Popen(
        lab_command("labrpc.isolated.zygote_start", fd),
        env=environment,
        pass_fds=(fd,),
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # A process group of its own, should a server signal all of its group.
        start_new_session=True,
    )
