"""Choosing the seeds that a session runs, and the order of its items."""

import pytest

from tester.judging.seed_batch import SeedBatch, batches, timed_batches, without
from tester.pytest_plugin.options import SessionOptions


class SeedChoice:
    """Chooses seeds by a session's options.

    Args:
        options: of the session.
        kept: the seeds at which each test failed before.
        processes: how many processes run tests.
    """

    def __init__(
        self, options: SessionOptions, kept: dict[str, list[int]], processes: int
    ) -> None:
        self._options = options
        self._kept = kept
        self._processes = processes

    def batches(self, test: str) -> list[SeedBatch]:
        """Return the batches of seeds that a test runs, kept failures first.

        A seed that `--seed` asks for is a replay: it runs alone. In real time a seed
        that failed before is worth no more than any other.
        """
        first = self._options.first_seed
        if first is not None or self._options.real_time:
            return self._fresh(first or 0)
        seeds = tuple(self._kept.get(test, []))
        kept = [SeedBatch(seeds, kept=True)] if seeds else []
        if self._options.failed_only:
            return kept
        return kept + without(seeds, self._fresh(0))

    def _fresh(self, first: int) -> list[SeedBatch]:
        duration_s = self._options.duration_s
        if duration_s is not None:
            return timed_batches(first, duration_s, self._processes)
        return batches(first, self._options.seed_count)

    def select(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """Return the items to run: kept failures first, then round by round.

        Leaves out what has no seed, what real time cannot run, and with
        `--lab-failed` all that is not kept. With a time limit, as many batches are
        left as fill it, each test's in turn.
        """
        rounds: dict[str, int] = {}
        ranked: list[tuple[int, pytest.Item]] = []
        for item in items:
            batch = batch_of(item)
            if self._is_left_out(item, batch):
                continue
            if batch is None or batch.kept:
                ranked.append((-1, item))
            elif batch.duration_s is None:
                ranked.append((0, item))
            else:
                test = item.nodeid.partition("[")[0]
                rounds[test] = rounds.get(test, 0) + 1
                ranked.append((rounds[test], item))
        rank_max = max(rounds.values(), default=0) // max(len(rounds), 1) + 1
        return [
            item
            for rank, item in sorted(ranked, key=lambda pair: pair[0])
            if rank <= rank_max
        ]

    def _is_left_out(self, item: pytest.Item, batch: SeedBatch | None) -> bool:
        if batch is None:
            # A graded test without a batch has no seed to run.
            is_graded = item.get_closest_marker("cluster") is not None
            return is_graded or self._options.failed_only
        needs_virtual_time = item.get_closest_marker("virtual_time") is not None
        return self._options.real_time and needs_virtual_time


def batch_of(item: pytest.Item) -> SeedBatch | None:
    """Return the batch of seeds of a graded test's item."""
    callspec = getattr(item, "callspec", None)
    batch = callspec.params.get("cluster") if callspec is not None else None
    return batch if isinstance(batch, SeedBatch) else None
