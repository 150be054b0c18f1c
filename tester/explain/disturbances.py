"""Disturbances by a scenario: which servers it disturbed, and since when it disturbs none."""

from collections.abc import Hashable
from fractions import Fraction

from tester.explain.history import History
from tester.traces.rows import Control

# What begins a disturbance, and what ends it again, for the servers that it names.
_ENDED_BY = {"crash": "start", "disconnect": "connect", "pause": "resume"}
_BEGUN_BY = {end: begin for begin, end in _ENDED_BY.items()}
# What is set for a server or a link, and how it usually is.
_USUAL = {
    "clock rate": "1", "crash point": "none", "duplicate requests": 0, "hold messages": 0,
    "save time": 0, "slow link": 0, "slow replies": 0,
}  # fmt: skip
_HARMLESS = ("connect clerk", "limit delays")
# They last where the whole cluster heals. So does what a network was like that was unreliable:
# messages of that time still arrive.
_UNHEALED = ("crash", "disconnect", "link", "partition", "reliable", "long reordering")


def undisturbed_since(history: History) -> int | None:
    """Return since when, to its end, nothing disturbed a run; None if something did.

    A disturbance that this does not know by name is one without end.
    """
    since = 0
    lasting: set[tuple[Hashable, ...]] = set()
    for row in history.rows_of(Control):
        if type(row) is Control:
            since = row.t if row.verb != "start" or lasting else since
            _note(row, lasting)
    return None if lasting else since


def servers_under(history: History, *verbs: str) -> set[int]:
    """Return the servers to which a scenario did one of these things, at any time."""
    return {
        row.args[0]
        for row in history.rows_of(Control)
        if type(row) is Control and row.verb in verbs
    }


def servers_of_other_time(history: History) -> set[int]:
    """Return the servers for which time was not what it was for the test, at any time.

    How long they took for something proves nothing.
    """
    return servers_under(history, "pause", "clock rate")


def slowest_clocks(history: History) -> dict[int, Fraction]:
    """Return the lowest rate that each server's clock had at any time, if not 1."""
    slowest: dict[int, Fraction] = {}
    for row in history.rows_of(Control):
        if type(row) is Control and row.verb == "clock rate":
            server, rate = row.args[0], Fraction(row.args[1])
            slowest[server] = min(rate, slowest.get(server, Fraction(1)))
    return slowest


def _note(row: Control, lasting: set[tuple[Hashable, ...]]) -> None:
    """Note which disturbances begin, and which end."""
    verb, args = row.verb, row.args
    if verb in _ENDED_BY:
        lasting.update((verb, server) for server in args)
    elif verb in _BEGUN_BY:
        lasting.difference_update([(_BEGUN_BY[verb], server) for server in args])
        if verb == "connect":
            links = [
                one for one in lasting if one[0] == "link" and {*one[1:]} & {*args}
            ]
            lasting.difference_update(links)
    elif verb == "heal":
        lasting -= {one for one in lasting if one[0] not in _UNHEALED}
    elif verb in ("reliable", "long reordering"):
        if args[-1] is (verb == "long reordering"):
            lasting.add((verb,))
    elif verb == "link":
        _set(lasting, (verb, *args[:-1]), args[-1])
    elif verb == "partition":
        _set(lasting, (verb,), len(args) == 1)
    elif verb in _USUAL:
        _set(lasting, (verb, *args[:-1]), args[-1] == _USUAL[verb])
    elif verb.startswith("lose "):
        _set(lasting, (verb,), not args)
    elif verb not in _HARMLESS:
        lasting.add((verb,))


def _set(
    lasting: set[tuple[Hashable, ...]], what: tuple[Hashable, ...], undisturbed: bool
) -> None:
    """Note whether something is as it should be."""
    if undisturbed:
        lasting.discard(what)
    else:
        lasting.add(what)
