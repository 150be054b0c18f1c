"""The operations of a service in a recorded run: from call to return, with a short label."""

from dataclasses import dataclass, replace

from tester.service_errors import OK
from tester.text import cut
from tester.traces import rows, values
from tester.traces.reader import Trace

MARKS = "①②③④⑤⑥⑦⑧⑨"
ARGUMENT_CHARS_MAX = 16
CALL_ARGUMENT_CHARS_MAX = 80
NO_ANSWER = "no answer"


def call_text(row: rows.Called) -> str:
    """Return the call of an operation as a person writes it."""
    args = ", ".join(values.text(arg, CALL_ARGUMENT_CHARS_MAX) for arg in row.args)
    return f"{row.method}({args})"


@dataclass(frozen=True)
class Operation:
    """An operation of a client, or of a server to which it was submitted.

    Attributes:
        called: its call.
        returned: its return, None if it never returned.
        mark: ① if the first fact of the failure is about it, "" for none.
    """

    called: rows.Called
    returned: rows.Returned | None = None
    mark: str = ""

    @property
    def lane(self) -> int:
        """The client, or the server."""
        return self.called.server

    @property
    def name(self) -> str:
        """The call."""
        return call_text(self.called)

    @property
    def key(self) -> values.Value:
        """The key of a get or a put, None for an operation without arguments."""
        return self.called.args[0] if self.called.args else None

    @property
    def value_read(self) -> str | None:
        """The text that a get has returned, None if there is none."""
        value = self.returned.value if self.returned is not None else None
        if self.called.method != "get" or self.err != OK or not isinstance(value, list):
            return None
        return value[0] if isinstance(value[0], str) else None

    @property
    def err(self) -> str:
        """What came of it: "OK" or an error; "" if it never returned."""
        if self.returned is None:
            return ""
        value = self.returned.value
        if isinstance(value, list) and value:
            value = value[-1] if self.called.method == "get" else value[0]
        return _brief(value)

    @property
    def answer(self) -> str:
        """What it returned, in brief."""
        if self.returned is None:
            return NO_ANSWER
        value = self.returned.value
        if self.err != OK or not isinstance(value, list):
            return self.err
        shown = value[:-1] if self.called.method == "get" else value[1:]
        return ", ".join(map(_brief, shown))

    @property
    def label(self) -> str:
        """The call and the answer, in brief."""
        args = ", ".join(map(_brief, self.called.args))
        return f"{self.called.method}({args}) → {self.answer}"


def operations(trace: Trace) -> list[Operation]:
    """Return the operations of a run in the order of their calls."""
    returned = {row.operation: row for row in trace.rows if type(row) is rows.Returned}
    found = [Operation(c, returned.get(c.operation)) for c in trace.called.values()]
    if not found or trace.end is None:
        return found
    # A fact about an operation has the time of its return, or of its call if there is
    # none. A client may call the next one at the very moment of a return.
    at = {(one.lane, one.called.t): number for number, one in enumerate(found)}
    for number, one in enumerate(found):
        if one.returned is not None:
            at[one.lane, one.returned.t] = number
    for fact, mark in zip(trace.end.facts, MARKS, strict=False):
        place = at.get((fact.server, fact.t))
        if place is not None:
            found[place] = replace(found[place], mark=mark)
    return found


def _brief(value: values.Value) -> str:
    """Return a value without quotes."""
    if not isinstance(value, str):
        return values.text(value, ARGUMENT_CHARS_MAX)
    return values.on_one_line(cut(value, ARGUMENT_CHARS_MAX))
