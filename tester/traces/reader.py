"""A recorded run in words, a line for each thing that happened: `raft-lab trace`.

docs/trace.md documents the format that is read here, and shows what comes out.
"""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from labrpc.clock import to_seconds
from tester import jsonl
from tester.errors import UsageError
from tester.text import clean, cut
from tester.traces.payload import TEXT_CHARS_MAX, message_text
from tester.traces.recorder import TRACE_VERSION

Line = dict[str, Any]

# Methods that the lab calls so often that only what they return is told.
_TOLD_BY_RESULT = ("get_state", "start")


def trace_lines(
    file: Path,
    servers: set[int] | None = None,
    since_s: float = 0.0,
    until_s: float = float("inf"),
) -> Iterator[str]:
    """Yield what a trace says, in words.

    Args:
        file: where `--lab-trace` has recorded a run.
        servers: only what these have done, and the scenario; None for all.
        since_s: leave out what happened before, in virtual seconds.
        until_s: leave out what happened after.

    Raises:
        UsageError: there is no trace in it.
    """
    telling = _Telling()
    for line in _read(file):
        if "t" not in line:
            yield from map(_on_one_line, _about(line))
            continue
        told = telling.control(line) if "control" in line else telling.step(line)
        wanted = servers is None or line.get("server", -1) in {-1, *servers}
        if wanted and since_s <= to_seconds(line["t"]) <= until_s:
            yield from map(_on_one_line, told)


def _read(file: Path) -> Iterator[Line]:
    try:
        with file.open("rb") as opened:
            first = jsonl.decode(opened.readline(), Line) or {}
            if first.get("trace") != TRACE_VERSION:
                raise UsageError(
                    f"{file} is no trace of version {TRACE_VERSION}: `pytest "
                    "--lab-trace` writes one for each run"
                )
            yield first
            yield from jsonl.records(opened, Line)
    except OSError as exc:
        raise UsageError(f"{file} cannot be read: {exc.strerror}") from None


def _about(line: Line) -> list[str]:
    """Return what the first and the last line say of the run."""
    if "verdict" in line:
        why = f": {line['reason']}" if line["reason"] else ""
        return [f"{line['verdict']}{why}"]
    return [f"{line['test']} of {line['submission']}, seed {line['seed']}"]


# Whom a call went to, and what was called, where the trace does not say.
_UNKNOWN: tuple[object, str] = "?", "?"


class _Telling:
    """Puts lines of a trace into words; remembers what an answer answers."""

    def __init__(self) -> None:
        # By server, incarnation and number: the other server, and the method.
        self._calls: dict[tuple[int, int, int], tuple[object, str]] = {}
        self._requests: dict[tuple[int, int, int], tuple[object, str]] = {}
        self._invoked: dict[tuple[int, int, int], tuple[str, str]] = {}
        self._states: dict[tuple[int, int], Any] = {}

    def control(self, line: Line) -> list[str]:
        """Return what the scenario did."""
        args = " ".join(map(str, line["args"]))
        return [f"{_when(line)}            {line['control']} {args}".rstrip()]

    def step(self, line: Line) -> list[str]:
        """Return what a server was told, and what it did."""
        head = f"{_when(line)}  server {line['server']}"
        where = line["server"], line["incarnation"]
        happened = [line["event"], *line["actions"]]
        told = (self._told(one, where) for one in happened)
        return [f"{head}  {text}" for text in told if text]

    def _told(self, one: Line, where: tuple[int, int]) -> str:
        tell: Callable[[Line, tuple[int, int]], str] | None
        tell = getattr(self, f"_{one['type'].lower()}", None)
        return tell(one, where) if tell is not None else ""

    # Events. A time-out and a taken message say nothing that does not follow.

    def _boot(self, one: Line, where: tuple[int, int]) -> str:
        saved = _sizes(one)
        return f"starts (incarnation {where[1]}), with {saved} on its disk"

    def _request(self, one: Line, where: tuple[int, int]) -> str:
        src, method = one["src"], _short(one["method"])
        self._requests[*where, one["request_id"]] = src, method
        return f"◀ {src}  {method} {_message(one['data'])}"

    def _response(self, one: Line, where: tuple[int, int]) -> str:
        to, method = self._calls.pop((*where, one["call_id"]), _UNKNOWN)
        if one["data"] is None:
            return f"✗ {to}  {method}: lost, or its answer"
        return f"◁ {to}  {method} answered {_message(one['data'])}"

    def _invoke(self, one: Line, where: tuple[int, int]) -> str:
        method, args = one["method"], one["args"]
        # The first argument is a command or an index; the second of snapshot() is long.
        call = f"{method}({_value(args[0]) if args else ''})"
        self._invoked[*where, one["invoke_id"]] = method, call
        return "" if method in _TOLD_BY_RESULT else f"is told {call}"

    # Actions.

    def _ready(self, one: Line, where: tuple[int, int]) -> str:
        return "is ready"

    def _call(self, one: Line, where: tuple[int, int]) -> str:
        dst, method = one["dst"], _short(one["method"])
        self._calls[*where, one["call_id"]] = dst, method
        return f"▶ {dst}  {method} {_message(one['data'])}"

    def _reply(self, one: Line, where: tuple[int, int]) -> str:
        src, method = self._requests.pop((*where, one["request_id"]), _UNKNOWN)
        return f"▷ {src}  answers {method} with {_message(one['data'])}"

    def _result(self, one: Line, where: tuple[int, int]) -> str:
        method, call = self._invoked.pop((*where, one["invoke_id"]), ("", ""))
        value = one["value"]
        if method not in _TOLD_BY_RESULT:
            return ""
        if not _is_tuple(value):
            return f"{call} returns {_value(value)}"
        if method == "start":
            # Servers that do not lead are asked again and again.
            return f"{call} returns {_value(tuple(value))}" if value[-1] else ""
        if self._states.get(where) == value:
            return ""
        self._states[where] = value
        return (
            f"says that it {'leads' if value[-1] else 'is in'} term {_value(value[0])}"
        )

    def _apply(self, one: Line, where: tuple[int, int]) -> str:
        command_valid, command, index, _, snapshot, *more = one["message"]
        if command_valid:
            return f"applies index {_value(index)}: {_value(command)}"
        try:
            size = len(base64.b64decode(snapshot, validate=True))
        except (TypeError, ValueError):  # A server may put anything in its place.
            return f"applies {_value(snapshot)} as a snapshot: {_value(more)}"
        return f"applies a snapshot of {size} bytes: {_value(more)}"

    def _persist(self, one: Line, where: tuple[int, int]) -> str:
        return f"saves {_sizes(one)}"

    def _log(self, one: Line, where: tuple[int, int]) -> str:
        return f"prints {one['line']}"

    def _warn(self, one: Line, where: tuple[int, int]) -> str:
        return f"is odd: {one['text']}"

    def _crash(self, one: Line, where: tuple[int, int]) -> str:
        return f"breaks: {one['headline']}"


def _is_tuple(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1


def _when(line: Line) -> str:
    return f"{to_seconds(line['t']):11.6f} s"


def _on_one_line(text: str) -> str:
    """Return clean text: what a server printed, and how it names methods, may be any."""
    return clean(text).replace("\n", " ")


def _short(method: str) -> str:
    return method.rpartition(".")[2]


def _message(data: str) -> str:
    return message_text(base64.b64decode(data))


def _value(value: Any) -> str:
    return cut(repr(value), TEXT_CHARS_MAX)


def _sizes(one: Line) -> str:
    sizes = [len(base64.b64decode(one[name])) for name in ("raft_state", "snapshot")]
    return f"{sizes[0]} bytes" + (f" and a snapshot of {sizes[1]}" if sizes[1] else "")
