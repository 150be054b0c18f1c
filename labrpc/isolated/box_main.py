"""The process of one box: a loop that is stepped over two pipes.

Forked by the zygote, and ended by SIGKILL. All that it says may be forged by the
submission, which shares its memory: whoever reads it has to check.
"""

import struct
import warnings
from dataclasses import dataclass, field
from random import Random

from labrpc import codes
from labrpc.box.in_process_box import InProcessBox
from labrpc.codes import Code
from labrpc.errors import EVIDENCE_CHARS_MAX, HEADLINE_CHARS_MAX, SubmissionError
from labrpc.isolated.messages import (
    Answer,
    Ask,
    Begin,
    Broke,
    FrameReader,
    Step,
    Stepped,
    decode_to_box,
    encode,
    framed,
    pack_actions,
    pack_the_rest_of_actions,
    unpacked_invoke,
    write_all,
)
from labrpc.machine.unraisable import unraisable_as_warnings
from labrpc.machine.watchdog import watchdog, what_grows
from labrpc.machine.watchdog_timer import HangPolicy
from labrpc.sandbox.sandbox import BOX_BYTES_MAX
from labrpc.simulated import dataclasses_
from labrpc.submission.submission import Submission
from labrpc.world.events import Action, Crash, Event, Invoke, Log, Warn

_STATE_WORDS = 625
# Nobody waits for so long; what msgpack cannot hold is further off still.
_WAKE_NS_MAX = 1 << 62


def stream_names(preempt: bool) -> tuple[str, ...]:
    """Return the names of the streams from which a box draws."""
    names = ("entropy", "threads")
    return (*names, "preemption") if preempt else names


def pack_stream(stream: Random) -> bytes:
    """Return a stream that was not drawn from yet as bytes, for another process."""
    return struct.pack(f"<{_STATE_WORDS}I", *stream.getstate()[1])


def set_stream(stream: Random, state: bytes) -> None:
    """Let a stream go on as the one that `pack_stream` was given."""
    stream.setstate((3, struct.unpack(f"<{_STATE_WORDS}I", state), None))


class BlankBox:
    """A box that only lacks who it is, for a zygote to make before it forks.

    To make one changes most of what Python has imported, if only by counting references,
    and whatever a forked process changes the kernel first has to copy.

    Args:
        submission: what it runs.
        preempt: whether its threads may lose their turn between two statements.
    """

    def __init__(self, submission: Submission, preempt: bool) -> None:
        self._streams = {name: Random(0) for name in stream_names(preempt)}
        self._box = InProcessBox(submission, 0, 0, self._streams.__getitem__, preempt)
        warnings.simplefilter("ignore")

    def become(self, begin: Begin) -> InProcessBox:
        """Return the box, which the judge has said who it is."""
        for name, stream in self._streams.items():
            set_stream(stream, begin.streams[name])
        self._box.become(begin.server, begin.incarnation, begin.entry)
        return self._box


@dataclass
class Alone:
    """The only server in this process: what a watchdog looks after.

    Attributes:
        server: its number.
        box: what runs in it.
        steps: how often it was stepped.
        warnings: what has not been reported to the judge yet.
    """

    server: int
    box: InProcessBox
    steps: int = 0
    stepping: "Alone | None" = None
    warnings: dict[str, Code] = field(default_factory=dict)


def main(blank: BlankBox, read_fd: int, write_fd: int) -> None:
    """Be a box until the judge closes the pipe."""
    reader = FrameReader(read_fd)
    first = reader.read()
    if first is None:
        return
    begin = decode_to_box(first)
    assert isinstance(begin, Begin)
    alone = Alone(begin.server, blank.become(begin))
    watched = watchdog(alone, BOX_BYTES_MAX, HangPolicy(write_fd))
    with unraisable_as_warnings(alone.warnings), watched:
        while (data := reader.read()) is not None:
            write_all(write_fd, framed(_answer(alone, data)))


def _answer(alone: Alone, data: bytes) -> bytes:
    """Do what the judge asks for; whatever goes wrong is the submission's doing."""
    try:
        message = decode_to_box(data)
        if type(message) is Step:
            stepped = _step(alone, message.now_ns, message.event)
            try:
                return encode(stepped)
            except (UnicodeEncodeError, OverflowError):
                actions = list(map(_in_unicode, stepped.actions))
                pack_the_rest_of_actions(actions)
                return encode(Stepped(actions, stepped.wake_ns))
        assert isinstance(message, Ask)
        found = _found(alone, message.what)
        return encode(Answer(list(map(_escaped, found))))
    except SubmissionError as exc:
        return _broke(exc.code, exc.headline, exc.evidence)
    except MemoryError:
        return _broke(
            codes.MEMORY_LIMIT,
            f"server {alone.server}: memory limit: a server may take "
            f"{BOX_BYTES_MAX >> 20} MB",
            what_grows(alone.box.context.scheduler.tasks),
        )
    except BaseException as exc:
        return _broke(
            codes.LAB_CODE_BROKE,
            f"server {alone.server}: its process broke: {type(exc).__name__}: {exc}",
            "the lab's own code in the server's process raised this: something in the "
            "submission has changed that code",
        )


def _found(alone: Alone, what: str) -> list[str]:
    if what == "leaked":
        return [line[:HEADLINE_CHARS_MAX] for line in alone.box.leaked()]
    if what == "state":
        state = alone.box.state()
        return [text for pair in state.items() for text in pair]
    if what == "stuck":
        words, where = alone.box.stuck()
        return [words[:HEADLINE_CHARS_MAX], where[:EVIDENCE_CHARS_MAX]]
    if what == "texts":
        return dataclasses_.texts()
    return [alone.box.threads()[:EVIDENCE_CHARS_MAX]]


def _step(alone: Alone, now_ns: int, event: Event) -> Stepped:
    if type(event) is Invoke:
        event = unpacked_invoke(event)
    alone.steps += 1
    alone.stepping = alone
    actions, wake_ns = alone.box.step(now_ns, event)
    alone.stepping = None
    if alone.warnings:
        actions += [Warn(code.name, text) for text, code in alone.warnings.items()]
        alone.warnings.clear()
    if actions:
        pack_actions(actions)
    if wake_ns is not None and wake_ns > _WAKE_NS_MAX:
        wake_ns = _WAKE_NS_MAX
    return Stepped(actions, wake_ns)


def _broke(code: Code, headline: str, evidence: str) -> bytes:
    headline = _escaped(headline[:HEADLINE_CHARS_MAX])
    return encode(Broke(code.name, headline, _escaped(evidence[:EVIDENCE_CHARS_MAX])))


def _in_unicode(action: Action) -> Action:
    if isinstance(action, Log):
        return Log(action.time_ns, _escaped(action.line), action.annotates)
    if isinstance(action, Warn):
        return Warn(action.code, _escaped(action.text))
    if isinstance(action, Crash):
        headline, evidence = _escaped(action.headline), _escaped(action.evidence)
        return Crash(action.code, headline, evidence)
    return action


def _escaped(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()
