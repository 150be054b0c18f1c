"""Cutting a grading into shards: the share that each of several machines runs.

A pair of a submission and a test is never cut. The pairs stand in a row, submission
after submission, and each shard has a stretch of it with about the same work, so that
a machine starts few submissions. The cut depends on names and on the number of shards
only: it is the same on every machine.
"""

from collections.abc import Iterable, Sequence

import msgspec

from tester.grading.relative_costs import relative_cost

SHARDS_MAX = 10_000


class Shard(msgspec.Struct, frozen=True):
    """One of the shares of a grading.

    Attributes:
        number: from 1 on.
        count: how many there are.
    """

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def pairs(
        self, submissions: Iterable[str], tests: Sequence[str]
    ) -> dict[str, set[str]]:
        """Return the tests that it has of each submission.

        Args:
            submissions: their names, in order, without those that are not run.
            tests: their names, in the suite's order.
        """
        names = list(submissions)
        costs = [relative_cost(test) for test in tests]
        total = len(names) * sum(costs)
        mine: dict[str, set[str]] = {name: set() for name in names}
        before = 0
        for name in names:
            for test, cost in zip(tests, costs, strict=True):
                # The stretch that has the middle of a pair has the pair.
                if (2 * before + cost) * self.count // (2 * total) == self.number - 1:
                    mine[name].add(test)
                before += cost
        return mine
