"""Explanations of part 3A, whose state machine is the lab's counter.

A trace has the counter of each server, as it has all plain attributes of its object.
"""

from collections.abc import Iterator
from itertools import zip_longest

from tester.explain.explanation import Explanation
from tester.explain.history import fact
from tester.explain.service_history import ServiceHistory
from tester.text import counted
from tester.traces.rows import Applied, AppliedSnapshot, Boot, Changed

# The lab's own class has it, whatever a submission is like.
COUNTER = "state_machine.number"


def performed_more_than_applied(history: ServiceHistory) -> Iterator[Explanation]:
    """Find a counter that has moved further than the entries applied can have moved it.

    Without a snapshot only, which may set it to any number.
    """
    if history.header.service != "rsm":
        return
    most = _most_in_a_request(history)
    for server in range(history.header.servers):
        boots = history.rows(server, Boot)
        for boot, following in zip_longest(boots, boots[1:]):
            end = following.n if following else None
            snapshots = history.rows(server, AppliedSnapshot, boot.n, end)
            if boot.snapshot or snapshots:
                continue
            applied = history.rows(server, Applied, boot.n, end)
            number = moved = 0
            for row in history.rows(server, Changed, boot.n, end):
                before, number = number, _number(row, number)
                moved += abs(number - before)
                count = sum(
                    entry.n < row.n or entry.step == row.step for entry in applied
                )
                if moved > count * most:
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


def _most_in_a_request(history: ServiceHistory) -> int:
    """Return the most by which a request of the run changes a counter."""
    asked = [one.called for one in history.operations]
    amounts = [arg for call in asked for arg in call.args if type(arg) is int]
    return max(map(abs, amounts), default=0)


def _number(row: Changed, before: int) -> int:
    """Return the counter after a change of attributes."""
    text = row.fields.get(COUNTER, "")
    return int(text) if text.removeprefix("-").isdecimal() else before
