"""Recording a run as rows of a trace, as the run goes on.

An observer: it changes nothing in the run, and costs nothing where none is registered.
"""

import hashlib
import linecache
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from labrpc.clock import from_seconds
from labrpc.errors import Fact
from labrpc.world.events import (
    Action,
    Apply,
    Boot,
    Call,
    Crash,
    Event,
    Invoke,
    Log,
    Persist,
    Reply,
    Request,
    Response,
    Result,
    Warn,
)
from labrpc.world.recorder import DigestRecorder
from labrpc.world.rpc import Delivery, Incarnation, Loss
from tester.traces import rows, values
from tester.traces.marshalled import FieldNames
from tester.traces.message_rows import Life, MessageRows, life
from tester.traces.trace_file import TRACE_BYTES_MAX, TraceFile
from tester.verdict import Run

GONE = "(gone)"
# The operations that the lab calls, by the kind of service.
OPERATIONS = {"rsm": ("submit",), "kv": ("get", "put")}


class _Invocation(NamedTuple):
    """A method that the lab has called, and when and from which line of the test.

    Attributes:
        operation: its number, 0 for a method that is none of a service's operations.
    """

    method: str
    args: tuple[Any, ...]
    time_ns: int
    line: int
    operation: int


class TraceRecorder(DigestRecorder):
    """Writes every event and action of a run to a file, and keeps the digest.

    Args:
        file: where to; its directory is made if need be.
        header: what the run is.
        field_names: the names of the fields of the submission's classes.
        test_file: where the scenario stands, None if that is not to be shown.
        bytes_max: how large the file may become.
        at_once: whether each row is on disk as soon as it has happened.
    """

    def __init__(
        self,
        file: Path,
        header: rows.Header,
        field_names: FieldNames | None = None,
        test_file: Path | None = None,
        bytes_max: int = TRACE_BYTES_MAX,
        at_once: bool = True,
    ) -> None:
        super().__init__()
        self.file = file
        self._out = TraceFile(file, header, bytes_max, at_once)
        self._messages = MessageRows(self._out, field_names or {})
        self._test_file = str(test_file or "")
        # The lab calls a service's operations, which Raft's rows do not show.
        self._operations = OPERATIONS.get(header.service, ())
        self._operations_called = 0
        # Per function of the test, the line at which it was last.
        self._lines: dict[str, int] = {}
        self._invoked: dict[tuple[Life, int], _Invocation] = {}
        self._states: dict[Life, Mapping[str, str]] = {}
        self._reports: dict[Life, tuple[int, bool]] = {}
        # The fields that all rows of the step that goes on have in common.
        self._where: dict[str, Any] = {}
        self._writers: dict[type, Callable[[Incarnation, Any], None]] = {
            Call: lambda host, call: self._messages.sent(host, call, self._where),
            Reply: lambda host, reply: self._messages.replied(reply, self._where),
            Result: self._result,
            Apply: self._apply,
            Persist: self._persist,
            Log: self._log,
            Warn: lambda host, warn: self._add(
                rows.Warned, code=warn.code, text=warn.text
            ),
            Crash: lambda host, crash: self._add(
                rows.Broke,
                code=crash.code,
                headline=crash.headline,
                evidence=crash.evidence,
            ),
        }

    @property
    def problem(self) -> str:
        """Why the file is not whole, "" if it is. The run goes on, whatever it is."""
        return self._out.problem

    # Steps.

    def stepped(
        self,
        now_ns: int,
        host: Incarnation,
        event: Event,
        actions: Sequence[Action],
    ) -> None:
        """Write one step of a box, in the order of its actions."""
        super().stepped(now_ns, host, event, actions)
        line = self._scenario_line(now_ns)
        self._where = {
            "t": now_ns,
            "server": host.server,
            "incarnation": host.incarnation,
            "step": self.steps,
            "cause": self._cause(host, event),
        }
        self._begin_step(host, event, line)
        # Asking for its state changes no server, and a broken one is not asked.
        asked = type(event) is Invoke and event.method.endswith("get_state")
        if not asked and Crash not in map(type, actions):
            self._write_changes(host)
        for action in actions:
            write = self._writers.get(type(action))
            if write is not None:
                write(host, action)

    def _cause(self, host: Incarnation, event: Event) -> int:
        if type(event) is Request:
            return self._messages.cause_of_request(host, event)
        if type(event) is Response:
            return self._messages.cause_of_response(host, event)
        return 0

    def _begin_step(self, host: Incarnation, event: Event, line: int) -> None:
        """Write what the world delivered to a box."""
        if type(event) is Response:
            if event.data is None:
                self._messages.no_reply(host, event, self._where)
        elif type(event) is Invoke:
            operation = 0
            if event.method in self._operations:
                self._operations_called = operation = self._operations_called + 1
                args = [values.of_plain(arg) for arg in event.args]
                self._add(
                    rows.Called, operation=operation, method=event.method, args=args
                )
            self._invoked[life(host), event.invoke_id] = _Invocation(
                event.method, event.args, self._where["t"], line, operation
            )
            if event.method == "snapshot":
                index, data = event.args
                self._add(
                    rows.Snapshotted, index=values.of_plain(index), bytes=len(data)
                )
        elif type(event) is Boot:
            sizes = len(event.raft_state), len(event.snapshot)
            self._add(rows.Boot, raft_state=sizes[0], snapshot=sizes[1])

    def _write_changes(self, host: Incarnation) -> None:
        before = self._states.get(life(host), {})
        now = host.state()
        # Nearly always it is the very same if it is equal.
        if now is before or now == before:
            return
        self._states[life(host)] = now
        changed = {k: v for k, v in now.items() if before.get(k) != v}
        changed |= {name: GONE for name in before if name not in now}
        self._add(rows.Changed, fields=changed)

    # Actions.

    def _result(self, host: Incarnation, result: Result) -> None:
        called = self._invoked.pop((life(host), result.invoke_id), None)
        if called is not None and called.operation:
            self._add(
                rows.Returned,
                operation=called.operation,
                method=called.method,
                value=values.of_plain(result.value),
            )
            return
        # In a service, Raft's methods have its name before them.
        method = "" if called is None else called.method.removeprefix("Raft.")
        if called is None or method not in ("start", "get_state"):
            return
        value = result.value
        if not isinstance(value, (tuple, list)) or len(value) < 2:
            return
        term, leads = _whole(value[-2]), value[-1] is True
        if called.method == "start" and len(value) == 3:
            self._add(
                rows.Proposed,
                command=values.of_plain(called.args[0]),
                index=_whole(value[0]),
                term=term,
                leads=leads,
                asked_t=called.time_ns,
                line=called.line,
            )
        if self._reports.get(life(host)) != (term, leads):
            self._reports[life(host)] = term, leads
            self._add(rows.Reported, term=term, leads=leads)

    def _apply(self, host: Incarnation, apply: Apply) -> None:
        command_valid, command, index, _, snapshot, at, term = apply.message
        if command_valid:
            self._add(
                rows.Applied,
                index=values.of_plain(index),
                command=values.of_plain(command),
            )
        else:
            self._add(
                rows.AppliedSnapshot,
                index=values.of_plain(at),
                term=values.of_plain(term),
                bytes=len(snapshot) if isinstance(snapshot, bytes) else 0,
            )

    def _persist(self, host: Incarnation, persist: Persist) -> None:
        digest = hashlib.blake2b(persist.raft_state, digest_size=6)
        digest.update(persist.snapshot)
        self._add(
            rows.Saved,
            raft_state=len(persist.raft_state),
            snapshot=len(persist.snapshot),
            digest=digest.hexdigest(),
        )

    def _log(self, host: Incarnation, log: Log) -> None:
        if log.annotates:
            self._add(rows.Annotated, text=log.line)
        else:
            self._add(rows.Printed, line=log.line)

    def _add(self, kind: type[rows.Row], **fields: Any) -> None:
        """Write a row of the step that goes on."""
        self._out.add(kind, **self._where, **fields)

    # Messages on their way.

    def request_arrived(self, now_ns: int, delivery: Delivery) -> None:
        """Write that a request has reached its receiver."""
        self._scenario_line(now_ns)
        self._messages.request_arrived(now_ns, delivery)

    def reply_arrived(self, now_ns: int, delivery: Delivery) -> None:
        """Write that a reply has reached the caller."""
        self._scenario_line(now_ns)
        self._messages.reply_arrived(now_ns, delivery)

    def lost(self, now_ns: int, delivery: Delivery, why: Loss) -> None:
        """Write that a request or a reply is gone."""
        self._messages.lost(now_ns, delivery, why)

    # The scenario.

    def controlled(self, now_ns: int, verb: str, args: tuple[object, ...]) -> None:
        """Write something that the scenario did."""
        super().controlled(now_ns, verb, args)
        line = self._scenario_line(now_ns)
        self._out.add(rows.Control, t=now_ns, verb=verb, args=list(args), line=line)

    def _scenario_line(self, now_ns: int) -> int:
        """Return the line at which the test is; write it if it is another one."""
        frame = sys._getframe(1) if self._test_file else None
        while frame is not None and frame.f_code.co_filename != self._test_file:
            frame = frame.f_back
        if frame is None:
            return 0
        function, line = frame.f_code.co_name, frame.f_lineno
        if self._lines.get(function) != line:
            self._lines[function] = line
            text = linecache.getline(self._test_file, line).strip()
            self._out.add(rows.Scenario, t=now_ns, line=line, text=text)
        return line

    # The end.

    def finish(self, run: Run, facts: Sequence[Fact] = ()) -> None:
        """Write the last line: what came of the run, and the digest.

        Args:
            run: what came of it.
            facts: those that contradict each other.
        """
        self._out.end(
            rows.End(
                verdict=run.verdict,
                code=run.code,
                reason=run.reason,
                evidence=run.evidence,
                facts=[
                    rows.FactRow(server=fact.server, t=fact.time_ns, text=fact.text)
                    for fact in facts
                ],
                t=from_seconds(run.virtual_s),
                steps=self.steps,
                digest=self.hexdigest(),
            )
        )


def _whole(value: Any) -> int:
    """Return what a server calls a term or index; -1 for what is no whole number."""
    return value if type(value) is int and value.bit_length() < 64 else -1
