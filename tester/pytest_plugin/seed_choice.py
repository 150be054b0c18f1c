"""Choosing the seeds that a session runs, and the order of its items."""

import re

import pytest

from tester.judging.seed_batch import (
    SeedBatch,
    batch_called,
    batches,
    kept_first,
    timed_batches,
)
from tester.pytest_plugin.options import SessionOptions


class SeedChoice:
    """Chooses seeds by a session's options.

    Args:
        options: of the session.
        kept: the seeds at which each test failed before.
        named: the batches of each test that node ids name.
        processes: how many processes run tests.
    """

    def __init__(
        self,
        options: SessionOptions,
        kept: dict[str, list[int]],
        named: dict[str, list[str]],
        processes: int,
    ) -> None:
        self._options = options
        self._kept = kept
        self._named = named
        self._processes = processes

    def batches(self, test: str) -> list[SeedBatch]:
        """Return the batches of seeds that a test runs, kept failures first.

        A seed that `--seed` asks for is a replay: it runs alone. In real time a seed
        that failed before is worth no more than any other. A batch that a node id
        names is there, whatever the session's seeds are; pytest chooses it.
        """
        options = self._options
        replays = options.first_seed is not None or options.real_time
        kept = [] if replays else self._kept.get(test, [])
        fresh = [] if options.failed_only else self._fresh(options.first_seed or 0)
        found = kept_first(kept, fresh)
        names = {batch.id for batch in found}
        named = [
            batch_called(name, kept)
            for name in self._named.get(test, [])
            if name not in names
        ]
        return found + [batch for batch in named if batch is not None]

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


def named_batches(config: pytest.Config, node_ids: list[str]) -> dict[str, list[str]]:
    """Return the batches that node ids name, by test: those of a command and of `--lf`.

    Args:
        config: pytest's.
        node_ids: what the command line names.
    """
    cache = getattr(config, "cache", None)
    if cache is not None and config.getoption("lf", False):
        node_ids = [*node_ids, *cache.get("cache/lastfailed", {})]
    named: dict[str, list[str]] = {}
    for node_id in node_ids:
        match = re.search(r"::(\w+)\[([\w+-]+)\]$", node_id)
        if match:
            named.setdefault(match[1], []).append(match[2])
    return named
