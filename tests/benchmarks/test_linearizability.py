"""What it costs to check a history for linearizability.

Prints CPU time, never judges it: `pytest tests/benchmarks`.
"""

import random

import pytest

from tester.oracles.linearizability.history import VersionedHistory


def operations(clients, count, maybe):
    """Return the events of clients that get and put one key, as a service answers."""
    chance = random.Random(0)
    events, version, value = [], 0, ""
    idle, waiting, ids = list(range(clients)), [], 0
    while ids < count or waiting:
        if idle and ids < count and chance.random() < 0.5:
            client, given = idle.pop(), version
            kind = chance.choice(["get", "put"])
            events.append(
                (ids, client, kind, "k", f"v{ids}" * (kind == "put"), given, 0)
            )
            waiting.append((ids, client, kind, given))
            ids += 1
        elif waiting:
            which, client, kind, given = waiting.pop(chance.randrange(len(waiting)))
            idle.append(client)
            if kind == "get":
                answer = ("ok", value, version) if version else ("no_key", "", 0)
            elif given == version:
                version, value = version + 1, f"v{which}"
                answer = ("maybe" if chance.random() < maybe else "ok"), "", 0
            else:
                answer = "version", "", 0
            events.append((which, *answer, 0))
    return events


@pytest.mark.parametrize(
    ("clients", "count", "maybe"),
    [(5, 558, 0), (20, 1_670, 0.1), (10, 10_500, 0), (10, 105_000, 0.1)],
)
def test_history_of_one_key(clients, count, maybe, benchmark):
    events = operations(clients, count, maybe)

    def judge():
        history = VersionedHistory()
        for event in events:
            (history.called if len(event) == 7 else history.returned)(*event)
        return history

    assert len(benchmark(judge).operations) == count
