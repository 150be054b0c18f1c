"""The trials of an experiment, in batches that any process can run."""

import gc
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from math import isinf
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean, median

from tester.experiments.election_cluster import Replacement, election_cluster
from tester.experiments.leader_crash import crash_leader
from tester.experiments.setting import Setting
from tester.experiments.timed_raft import timed

# A cluster's log grows by an entry a trial, so a new one is made after a while.
BATCH_TRIALS = 100


@dataclass(frozen=True)
class Measured:
    """What the trials of a setting have given, in the order of the trials.

    Attributes:
        setting: the setting.
        replacements: one for each trial.
    """

    setting: Setting
    replacements: list[Replacement] = field(default_factory=list)

    @property
    def downtimes_ms(self) -> list[float]:
        """Return the downtimes, shortest first."""
        return sorted(found.downtime_ms for found in self.replacements)

    @property
    def median_ms(self) -> float:
        """Return the median downtime."""
        return median(self.downtimes_ms)

    @property
    def mean_ms(self) -> float:
        """Return the mean downtime; infinite if a trial had no new leader."""
        return fmean(self.downtimes_ms)

    @property
    def worst_ms(self) -> float:
        """Return the longest downtime."""
        return self.downtimes_ms[-1]

    @property
    def split_share(self) -> float:
        """Return the share of trials that took more than one term."""
        split = sum(found.terms != 1 for found in self.replacements)
        return split / len(self.replacements)


def milliseconds(number: float, limit_ms: float) -> str:
    """Return a downtime as tables show it; an infinite one went beyond the limit."""
    return f"> {limit_ms:,.0f}" if isinf(number) else f"{number:,.0f}"


def run_batch(
    raft_folder: Path, setting: Setting, seed: int, batch: int
) -> list[Replacement]:
    """Run one batch of a setting's trials in a cluster of its own."""
    trials = min(BATCH_TRIALS, setting.trials - batch * BATCH_TRIALS)
    gc.disable()  # A collection in the midst of a run is no part of it.
    try:
        with (
            timed(
                setting.raft or raft_folder, setting.timeouts, setting.body
            ) as submission,
            election_cluster(
                submission,
                f"{setting.name}/{seed}/{batch}",
                setting.servers,
                setting.message_ns,
            ) as cluster,
        ):
            setting.prepare(cluster)
            return [crash_leader(cluster, setting) for _ in range(trials)]
    finally:
        gc.enable()
        gc.collect()


def run_settings(
    raft_folder: Path,
    settings: Iterable[Setting],
    seed: int,
    jobs: int,
    note: Callable[[int], None] = lambda trials: None,
) -> list[Measured]:
    """Run all trials of some settings; what is found depends on the seed alone.

    Args:
        raft_folder: the package of the Raft, for settings that name none.
        settings: the curves.
        seed: of all trials.
        jobs: how many processes run them.
        note: called with the number of trials whenever a batch is done.
    """
    found = {setting: Measured(setting) for setting in settings}
    results: dict[tuple[Setting, int], list[Replacement]] = {}
    # What a process has imported by then is never garbage: collections need not visit it.
    context = get_context("spawn")
    with ProcessPoolExecutor(jobs, context, initializer=gc.freeze) as pool:
        batches = {
            pool.submit(run_batch, raft_folder, setting, seed, batch): (setting, batch)
            for setting in found
            for batch in range(-(-setting.trials // BATCH_TRIALS))
        }
        for done in as_completed(batches):
            results[batches[done]] = done.result()
            note(len(results[batches[done]]))
    for (setting, _), replacements in sorted(
        results.items(), key=lambda item: item[0][1]
    ):
        found[setting].replacements.extend(replacements)
    return list(found.values())
