"""Formatting a recorded run as text, one line for each event: `raft-lab trace`.

docs/trace.md documents the format of traces and shows an example of the text.
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

# The lab calls these methods so often that only their results are shown.
_SHOWN_BY_RESULT = ("get_state", "start")


def trace_lines(
    file: Path,
    servers: set[int] | None = None,
    since_s: float = 0.0,
    until_s: float = float("inf"),
) -> Iterator[str]:
    """Yield the lines of a trace as text.

    Args:
        file: a run that `--lab-trace` recorded.
        servers: only the events of these, and the scenario's; None for all.
        since_s: leave out earlier events, in virtual seconds.
        until_s: leave out later events.

    Raises:
        UsageError: the file is not a trace.
    """
    formatter = _Formatter()
    for line in _read(file):
        if "t" not in line:
            yield from map(_on_one_line, _format_run(line))
            continue
        is_control = "control" in line
        lines = formatter.control(line) if is_control else formatter.step(line)
        wanted = servers is None or line.get("server", -1) in {-1, *servers}
        if wanted and since_s <= to_seconds(line["t"]) <= until_s:
            yield from map(_on_one_line, lines)


def _read(file: Path) -> Iterator[Line]:
    try:
        with file.open("rb") as opened:
            first = jsonl.decode(opened.readline(), Line) or {}
            if first.get("trace") != TRACE_VERSION:
                raise UsageError(
                    f"{file} is not a trace of version {TRACE_VERSION}: `pytest "
                    "--lab-trace` writes one for each run"
                )
            yield first
            yield from jsonl.records(opened, Line)
    except OSError as exc:
        raise UsageError(f"{file} cannot be read: {exc.strerror}") from None


def _format_run(line: Line) -> list[str]:
    """Return the first or the last line: the run, or its verdict."""
    if "verdict" in line:
        why = f": {line['reason']}" if line["reason"] else ""
        return [f"{line['verdict']}{why}"]
    return [f"{line['test']} of {line['submission']}, seed {line['seed']}"]


# The receiver and the method of a call that the trace does not have.
_UNKNOWN: tuple[object, str] = "?", "?"


class _Formatter:
    """Formats lines of a trace; remembers calls, so that replies can name them."""

    def __init__(self) -> None:
        # By server, incarnation and number: the other server, and the method.
        self._calls: dict[tuple[int, int, int], tuple[object, str]] = {}
        self._requests: dict[tuple[int, int, int], tuple[object, str]] = {}
        self._invoked: dict[tuple[int, int, int], tuple[str, str]] = {}
        self._states: dict[tuple[int, int], Any] = {}

    def control(self, line: Line) -> list[str]:
        """Return the line for something that the scenario did."""
        args = " ".join(map(str, line["args"]))
        return [f"{_when(line)}            {line['control']} {args}".rstrip()]

    def step(self, line: Line) -> list[str]:
        """Return the lines for an event at a server and for its actions."""
        head = f"{_when(line)}  server {line['server']}"
        where = line["server"], line["incarnation"]
        records = [line["event"], *line["actions"]]
        texts = (self._format(record, where) for record in records)
        return [f"{head}  {text}" for text in texts if text]

    def _format(self, one: Line, where: tuple[int, int]) -> str:
        method: Callable[[Line, tuple[int, int]], str] | None
        method = getattr(self, f"_{one['type'].lower()}", None)
        return method(one, where) if method is not None else ""

    # Events. A time-out and a taken message are left out: what they cause is shown.

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
            return f"✗ {to}  {method}: no reply, the request or the reply was lost"
        return f"◁ {to}  {method} returned {_message(one['data'])}"

    def _invoke(self, one: Line, where: tuple[int, int]) -> str:
        method, args = one["method"], one["args"]
        # The first argument is a command or an index; the second of snapshot() is long.
        call = f"{method}({_value(args[0]) if args else ''})"
        self._invoked[*where, one["invoke_id"]] = method, call
        return "" if method in _SHOWN_BY_RESULT else f"is called: {call}"

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
        if method not in _SHOWN_BY_RESULT:
            return ""
        if not _is_tuple(value):
            return f"{call} returns {_value(value)}"
        if method == "start":
            # Servers that do not lead are called again and again.
            return f"{call} returns {_value(tuple(value))}" if value[-1] else ""
        if self._states.get(where) == value:
            return ""
        self._states[where] = value
        return f"reports that it {'leads' if value[-1] else 'is in'} term {_value(value[0])}"

    def _apply(self, one: Line, where: tuple[int, int]) -> str:
        command_valid, command, index, _, snapshot, *more = one["message"]
        if command_valid:
            return f"applies index {_value(index)}: {_value(command)}"
        try:
            size = len(base64.b64decode(snapshot, validate=True))
        except (TypeError, ValueError):  # A server may put anything there.
            return f"applies {_value(snapshot)} as a snapshot: {_value(more)}"
        return f"applies a snapshot of {size} bytes: {_value(more)}"

    def _persist(self, one: Line, where: tuple[int, int]) -> str:
        return f"saves {_sizes(one)}"

    def _log(self, one: Line, where: tuple[int, int]) -> str:
        return f"prints {one['line']}"

    def _warn(self, one: Line, where: tuple[int, int]) -> str:
        return f"warning: {one['text']}"

    def _crash(self, one: Line, where: tuple[int, int]) -> str:
        return f"fails: {one['headline']}"


def _is_tuple(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1


def _when(line: Line) -> str:
    return f"{to_seconds(line['t']):11.6f} s"


def _on_one_line(text: str) -> str:
    """Return clean text on one line: printed lines and names may hold anything."""
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
