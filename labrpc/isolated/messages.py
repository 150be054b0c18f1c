"""What judge, zygote and box say to each other, as bytes of fixed types.

A frame on a pipe is its length in four bytes, then msgpack. What comes from a box
is not to be trusted: see `box_output` for what types cannot express.
"""

import os
import struct

import msgspec

from labrpc.isolated.value_codec import pack_all, pack_the_rest, unpack_all
from labrpc.sandbox.measure import Measure
from labrpc.submission.entry import Entry
from labrpc.world.events import Action, Apply, Event, Invoke, Result

# A run's largest frames, of a snapshot, take some 100 KB.
FRAME_BYTES_MAX = 16 << 20
READ_BYTES = 1 << 16
_LENGTH = struct.Struct("<I")
HEAD_BYTES = _LENGTH.size


class _Message(msgspec.Struct, frozen=True, tag=True, array_like=True, gc=False):
    """A record that knows its own type on the wire."""


# From the judge to a box.


class Begin(_Message, frozen=True):
    """Who the box is, the states of its random streams, and what it constructs.

    Not the run's seed: with that, a submission could recognise the run.
    """

    server: int
    incarnation: int
    streams: dict[str, bytes]
    entry: Entry | None = None


class Step(_Message, frozen=True):
    """Deliver an event; answered by `Stepped` or `Broke`."""

    now_ns: int
    event: Event


class Ask(_Message, frozen=True):
    """Tell something.

    `what` is "threads", "stuck", "leaked", "state", or "texts" that were compiled.
    """

    what: str


# From a box to the judge.


class Stepped(_Message, frozen=True):
    """What the box did, and when it wants to be woken."""

    actions: list[Action]
    wake_ns: int | None


class Broke(_Message, frozen=True):
    """The step did not come to its end: a loop, or all the memory."""

    code: str
    headline: str
    evidence: str


class Answer(_Message, frozen=True):
    """The answer to `Ask`."""

    lines: list[str]


# Between the judge and the zygote, which runs no code of the submission's.


class Prepare(_Message, frozen=True):
    """Which submission it is, as `labrpc.submission.submission.Submission` has found it.

    `without` names layers of the sandbox to leave out, for a test.
    """

    path: str
    root: str
    package: str
    class_name: str
    files: dict[str, str | None]
    preempt: bool
    without: list[str]


class Prepared(_Message, frozen=True):
    """The zygote is ready, behind these layers of the sandbox."""

    measures: list[Measure]


class Fork(_Message, frozen=True):
    """Make a box; two file descriptors come along: what it reads, what it writes."""


class Forked(_Message, frozen=True):
    """A box runs; a pidfd comes along."""

    pid: int


class Learn(_Message, frozen=True):
    """Compile these texts, which the submission's boxes would each compile.

    Answered by `Learnt`.
    """

    texts: list[str]


class Learnt(_Message, frozen=True):
    """The texts are compiled."""


class Await(_Message, frozen=True):
    """Tell how a box has ended that is dead, or about to be."""

    pid: int


class Ended(_Message, frozen=True):
    """How a box has ended: its status as `os.waitpid` has it, and what it took."""

    status: int
    cpu_s: float
    rss_bytes_max: int


ToBox = Begin | Step | Ask
FromBox = Stepped | Broke | Answer
ToZygote = Prepare | Fork | Learn | Await
FromZygote = Prepared | Forked | Learnt | Ended

encode = msgspec.msgpack.Encoder().encode
decode_to_box = msgspec.msgpack.Decoder(ToBox).decode
decode_from_box = msgspec.msgpack.Decoder(FromBox).decode
decode_to_zygote = msgspec.msgpack.Decoder(ToZygote).decode
decode_from_zygote = msgspec.msgpack.Decoder(FromZygote).decode


def packed_invoke(event: Invoke) -> Invoke:
    """Return the event as it goes over the wire; all others go as they are."""
    args = pack_the_rest(pack_all(event.args))
    return Invoke(event.invoke_id, event.method, args)


def unpacked_invoke(event: Invoke) -> Invoke:
    """Return the event that `packed_invoke` was given."""
    return Invoke(event.invoke_id, event.method, unpack_all(event.args))


def pack_actions(actions: list[Action]) -> None:
    """Make actions ready for the wire; `box_output` undoes it."""
    for index, action in enumerate(actions):
        if type(action) is Apply:
            message = pack_all(action.message)
            if message is not action.message:
                actions[index] = Apply(action.put_id, message)
        elif type(action) is Result:
            value = action.value
            (packed,) = pack_all((value,))
            if packed is not value:
                actions[index] = Result(action.invoke_id, packed)


def pack_the_rest_of_actions(actions: list[Action]) -> None:
    """Make those actions ready for the wire that msgpack cannot hold even so."""
    for index, action in enumerate(actions):
        if type(action) is Apply:
            actions[index] = Apply(action.put_id, pack_the_rest(action.message))
        elif type(action) is Result:
            (packed,) = pack_the_rest((action.value,))
            actions[index] = Result(action.invoke_id, packed)


def framed(body: bytes) -> bytes:
    """Return a message with its length in front."""
    return _LENGTH.pack(len(body)) + body


def body_length(head: bytes | bytearray) -> int:
    """Return the length that a frame's first four bytes announce."""
    length: int = _LENGTH.unpack_from(head)[0]
    return length


def write_all(fd: int, data: bytes) -> None:
    """Write a frame to a pipe, waiting as often as need be."""
    while data:
        data = data[os.write(fd, data) :]


class FrameReader:
    """Reads one frame after another from a pipe, in a box."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._data = bytearray()

    def read(self) -> bytes | None:
        """Wait for the next frame; None when the judge has closed the pipe."""
        data = self._data
        if not data:
            # Nearly always one frame, and nothing else, has come.
            whole = os.read(self._fd, READ_BYTES)
            if not whole:
                return None
            if len(whole) >= HEAD_BYTES and len(whole) == HEAD_BYTES + body_length(
                whole
            ):
                return whole[HEAD_BYTES:]
            data += whole
        while len(data) < HEAD_BYTES or len(data) < HEAD_BYTES + body_length(data):
            more = os.read(self._fd, READ_BYTES)
            if not more:
                return None
            data += more
        end = HEAD_BYTES + body_length(data)
        frame = bytes(data[HEAD_BYTES:end])
        del data[:end]
        return frame
