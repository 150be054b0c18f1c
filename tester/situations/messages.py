"""Reading a message as one of the three RPCs, by the recommended names."""

from typing import NamedTuple

from tester.situations.model import Append, Install, Request, VoteRequest
from tester.traces import values
from tester.traces.marshalled import FieldNames
from tester.traces.payload import read_message
from tester.traces.values import Value

# Heartbeats and their answers are alike: what was read of the last messages is kept.
_KEPT = 512


class Answer(NamedTuple):
    """What a handler returned, as far as it has these fields."""

    term: int
    vote_granted: bool | None
    success: bool | None


class MessageReader:
    """Reads the messages of one run.

    Args:
        field_names: the names of the fields of the submission's classes.
    """

    def __init__(self, field_names: FieldNames) -> None:
        self._field_names = field_names
        self._read: dict[bytes, Value] = {}
        self._appends = 0

    def request(self, src: int, dst: int, method: str, data: bytes) -> Request | None:
        """Return a request; None if it is another RPC, or lacks a field."""
        name = method.rpartition(".")[2]
        if name not in ("request_vote", "append_entries", "install_snapshot"):
            return None
        body = self._fields(data)
        term = _number(body, "term")
        if term is None:
            return None
        if name == "request_vote":
            index, last = (
                _number(body, "last_log_index"),
                _number(body, "last_log_term"),
            )
            if index is None or last is None:
                return None
            return VoteRequest(src, dst, term, index, last)
        if name == "append_entries":
            return self._append(src, dst, term, body)
        index = _number(body, "last_included_index")
        last = _number(body, "last_included_term")
        if index is None or last is None:
            return None
        return Install(src, dst, term, index, last)

    def _append(
        self, src: int, dst: int, term: int, body: dict[str, Value]
    ) -> Append | None:
        prev, commit = _number(body, "prev_log_index"), _number(body, "leader_commit")
        count = values.length(body.get("entries"))
        if prev is None or commit is None or count is None:
            return None
        self._appends += 1
        terms = [_term_of(entry) for entry in values.items(body["entries"])]
        if len(terms) < count:
            # Of a long list the middle was not kept; terms never fall within a log.
            middle = [terms[values.FIRST]] * (count - len(terms))
            terms[values.FIRST : values.FIRST] = middle
        known = [one for one in terms if one is not None]
        if len(known) < count:
            return None
        return Append(src, dst, term, prev, known, commit, self._appends)

    def answer(self, data: bytes) -> Answer | None:
        """Return what a handler returned, None if it has no term."""
        body = self._fields(data)
        term = _number(body, "term")
        if term is None:
            return None
        return Answer(term, _flag(body, "vote_granted"), _flag(body, "success"))

    def _fields(self, data: bytes) -> dict[str, Value]:
        found = self._read.get(data)
        if found is None:
            if len(self._read) >= _KEPT:
                self._read.clear()
            found = self._read[data] = read_message(data, self._field_names)
        return values.fields(found)


def _number(body: dict[str, Value], name: str) -> int | None:
    found = body.get(name)
    return found if type(found) is int else None


def _flag(body: dict[str, Value], name: str) -> bool | None:
    found = body.get(name)
    return found if type(found) is bool else None


def _term_of(entry: Value) -> int | None:
    """Return the term of an entry, a pair or an object."""
    if isinstance(entry, list):
        return entry[0] if entry and type(entry[0]) is int else None
    return values.number(entry, "term")
