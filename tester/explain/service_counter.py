"""Explanations of part 3A, whose state machine is the lab's counter.

A trace has the counter of each server, as it has all plain attributes of its object.
"""

from collections.abc import Iterator
from itertools import zip_longest

from tester.explain.explanation import Explanation
from tester.explain.history import fact
from tester.explain.service_history import ServiceHistory
from tester.explain.service_values import is_cut, leaves
from tester.text import counted
from tester.traces.rows import Applied, AppliedSnapshot, Boot, Changed
from tester.traces.values import Value

# The lab's own class has it, whatever a submission is like.
COUNTER = "state_machine.number"


def performed_more_than_applied(history: ServiceHistory) -> Iterator[Explanation]:
    """Find a counter that has moved further than the entries applied can have moved it.

    Without a snapshot only, which may set it to any number.
    """
    if history.header.service != "rsm":
        return
    amounts = _amounts(history)
    for server in range(history.header.servers):
        boots = history.rows(server, Boot)
        for boot, following in zip_longest(boots, boots[1:]):
            end = following.n if following else None
            snapshots = history.rows(server, AppliedSnapshot, boot.n, end)
            if boot.snapshot or snapshots:
                continue
            applied = history.rows(server, Applied, boot.n, end)
            most = [_most(entry.command, amounts) for entry in applied]
            number = moved = 0
            for row in history.rows(server, Changed, boot.n, end):
                before, number = number, _number(row, number)
                moved += abs(number - before)
                count = sum(
                    entry.n < row.n or entry.step == row.step for entry in applied
                )
                if 0 in most[:count]:
                    break
                if moved > sum(most[:count]):
                    last = applied[count - 1 : count] if count else []
                    yield Explanation(
                        "performed-more-than-applied",
                        f"server {server} moved its state machine from {before} to "
                        f"{number} when {counted(count, 'command')} had come out of its "
                        "apply_ch since its start: it has performed a request without "
                        "its entry, or an entry twice",
                        (
                            *(fact(e, f"applies index {e.index}") for e in last),
                            fact(row, f"its counter is {number}, and was {before}"),
                        ),
                    )
                    break


def _amounts(history: ServiceHistory) -> set[int]:
    """Return by how much the requests of the run change a counter."""
    asked = [one.called for one in history.operations]
    return {arg for call in asked for arg in call.args if type(arg) is int}


def _most(command: Value, amounts: set[int]) -> int:
    """Return the most by which an entry changes a counter, 0 if that cannot be read.

    An entry may hold several requests, and numbers that are none.
    """
    if is_cut(command):
        return 0
    found = [leaf for leaf in leaves(command) if type(leaf) is int and leaf in amounts]
    return sum(map(abs, found))


def _number(row: Changed, before: int) -> int:
    """Return the counter after a change of attributes."""
    text = row.fields.get(COUNTER, "")
    return int(text) if text.removeprefix("-").isdecimal() else before
