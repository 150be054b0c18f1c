"""Reading a message as one of the three RPCs, by the recommended names."""

from typing import Any, NamedTuple

from tester.situations.model import Append, Install, Request, VoteRequest
from tester.traces import values
from tester.traces.marshalled import FieldNames
from tester.traces.payload import read_message
from tester.traces.values import Value

_VOTE, _APPEND, _INSTALL = "request_vote", "append_entries", "install_snapshot"
_FIELDS = {
    _VOTE: ("term", "last_log_index", "last_log_term"),
    _APPEND: ("term", "prev_log_index", "leader_commit"),
    _INSTALL: ("term", "last_included_index", "last_included_term"),
}
# Heartbeats and their answers are alike: what was read of the last messages is kept.
_KEPT = 512
_Numbers = tuple[Any, ...]
"""The fields of a request that matter, in the order of its class."""


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
        self._requests: dict[tuple[str, bytes], _Numbers | None] = {}
        self._answers: dict[bytes, Answer | None] = {}
        self._appends = 0
        # Of the first requests, when every log is empty.
        self._last_indices: dict[str, int] = {}

    def request(self, src: int, dst: int, method: str, data: bytes) -> Request | None:
        """Return a request; None if it is another RPC, or lacks a field.

        None, too, while logs seem to begin at index 0: the last one of an empty log is -1.
        """
        key = method, data
        if key not in self._requests:
            if len(self._requests) >= _KEPT:
                self._requests.clear()
            self._requests[key] = self._read_request(method, data)
        numbers = self._requests[key]
        if numbers is None:
            return None
        if not method.endswith(_INSTALL):
            self._last_indices.setdefault(method, numbers[1])
        if set(self._last_indices.values()) == {-1}:
            return None
        if method.endswith(_APPEND):
            self._appends += 1
            term, prev, terms, commit = numbers
            return Append(src, dst, term, prev, terms, commit, self._appends)
        if method.endswith(_VOTE):
            return VoteRequest(src, dst, *numbers)
        return Install(src, dst, *numbers)

    def _read_request(self, method: str, data: bytes) -> _Numbers | None:
        name = method.rpartition(".")[2]
        if name not in _FIELDS:
            return None
        body = self._fields(data)
        numbers = tuple([_number(body, field) for field in _FIELDS[name]])
        if None in numbers:
            return None
        if name == _APPEND:
            term, prev, commit = numbers
            terms = _terms(body.get("entries"))
            return None if terms is None else (term, prev, terms, commit)
        return numbers

    def answer(self, data: bytes) -> Answer | None:
        """Return what a handler returned, None if it has no term."""
        if data not in self._answers:
            if len(self._answers) >= _KEPT:
                self._answers.clear()
            self._answers[data] = self._read_answer(data)
        return self._answers[data]

    def _read_answer(self, data: bytes) -> Answer | None:
        body = self._fields(data)
        term = _number(body, "term")
        if term is None:
            return None
        return Answer(term, _flag(body, "vote_granted"), _flag(body, "success"))

    def _fields(self, data: bytes) -> dict[str, Value]:
        return values.fields(read_message(data, self._field_names))


def _terms(entries: Value) -> list[int] | None:
    """Return the terms of a list of entries, None if they cannot be known."""
    count = values.length(entries)
    if count is None:
        return None
    terms = [_term_of(entry) for entry in values.items(entries)]
    if len(terms) < count:
        # Of a long list the middle was not kept; terms never fall within a log.
        middle = [terms[values.FIRST]] * (count - len(terms))
        terms[values.FIRST : values.FIRST] = middle
    known = [one for one in terms if one is not None]
    return known if len(known) == count else None


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
