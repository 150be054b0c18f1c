"""What a clerk may answer: the errors of gets and puts, and whether an answer is one."""

from typing import Any

from tester.oracles.linearizability.operation import Outcome
from tester.scenario.cluster import has_types
from tester.service_errors import MAYBE, NO_KEY, OK, VERSION
from tester.text import short

GET_OUTCOMES: dict[str, Outcome] = {OK: "ok", NO_KEY: "no_key"}
PUT_OUTCOMES: dict[str, Outcome] = {**GET_OUTCOMES, VERSION: "version", MAYBE: "maybe"}
_GET_ANSWER = f"(value, version, err), with {NO_KEY} ('', 0, {NO_KEY!r})"


def is_answer_of_get(value: Any) -> bool:
    """Return whether a clerk's get may return this."""
    if not has_types(value, str, int, str) or value[2] not in GET_OUTCOMES:
        return False
    # The version of a missing key is what a client puts next.
    return bool(value[2] == OK or tuple(value[:2]) == ("", 0))


def is_answer_of_put(value: Any) -> bool:
    """Return whether a clerk's put may return this."""
    return type(value) is str and value in PUT_OUTCOMES


def ok_without_commit(operation: str) -> tuple[str, str]:
    """Return what is wrong with an operation that succeeded without the log, and the rule.

    Args:
        operation: what it was.
    """
    return (
        f"{operation}, and since the call no server had applied an entry that none had "
        "applied before",
        f"{OK!r} means that the operation was performed on a majority: its own entry was "
        "committed, and came out of apply_ch of the server that answers",
    )


def wrong_answer(clerk: int, method: str, value: Any) -> str:
    """Return what is wrong with an answer that no clerk may return."""
    is_get = method == "get"
    what, known = (_GET_ANSWER, GET_OUTCOMES) if is_get else ("an err", PUT_OUTCOMES)
    return (
        f"{method}() of clerk {clerk} returned {short(value)}, but must return {what}; "
        f"err is one of {', '.join(known)}"
    )
