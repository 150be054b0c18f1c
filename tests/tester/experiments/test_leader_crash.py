"""Leaders are crashed and replaced as the settings say; each setting shows."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from tester.errors import UsageError
from tester.experiments import election_cluster as election_cluster_module
from tester.experiments.election_cluster import election_cluster
from tester.experiments.leader_crash import crash_leader
from tester.experiments.setting import Setting
from tester.experiments.timed_raft import ElectionTimeouts, timed
from tester.experiments.trials import Measured, run_batch
from tester.experiments.wide_area import WIDE_AREA

RAFT = Path(__file__).resolve().parents[3] / "raft"
USUAL = Setting("usual", ElectionTimeouts(150, 300), trials=8)


def measured(setting, seed=0):
    return Measured(setting, run_batch(RAFT, setting, seed, 0))


@pytest.fixture(scope="module")
def usual():
    return measured(USUAL)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_trials(usual):
    assert measured(USUAL).replacements == usual.replacements
    assert measured(USUAL, seed=1).replacements != usual.replacements


@pytest.mark.unmeasured
def test_a_leader_is_missed_for_as_long_as_the_time_outs_say(usual):
    # The least downtime possible: a crash just before a heartbeat, and the shortest
    # time-out. The last heartbeat may be one interval old.
    assert all(found.terms >= 1 for found in usual.replacements)
    assert usual.downtimes_ms[0] > 75


@pytest.mark.unmeasured
def test_longer_time_outs_take_longer(usual):
    longer = replace(USUAL, timeouts=ElectionTimeouts(600, 1200))
    assert measured(longer).median_ms > 2 * usual.median_ms


@pytest.mark.unmeasured
def test_without_randomness_votes_are_split_until_the_limit():
    equal = replace(
        USUAL, timeouts=ElectionTimeouts(150, 150), trials=2, limit_ms=2_000
    )
    found = measured(equal)
    assert found.worst_ms == float("inf")
    assert found.split_share == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"lost": 0.3},
        {"slow_ms": {(src, dst): 40.0 for src in range(5) for dst in range(5)}},
        {"clock_rates": {server: Fraction(1, 2) for server in range(5)}},
    ],
    ids=["lost", "slow", "slow clocks"],
)
def test_what_makes_elections_harder_makes_them_longer(usual, changes):
    assert measured(replace(USUAL, **changes)).mean_ms > usual.mean_ms


@pytest.mark.slow
def test_a_server_that_was_cut_off_is_terms_ahead():
    ahead = measured(replace(USUAL, cut_off_ms=2_000.0))
    # It deposes whoever is elected in a term that it has left behind.
    assert ahead.downtimes_ms != measured(USUAL).downtimes_ms


def test_a_server_without_the_last_entry_is_never_elected():
    """That is what the trick with the slow messages is for."""
    with (
        timed(RAFT, USUAL.timeouts) as submission,
        election_cluster(submission, "lagging", 5, USUAL.message_ns) as cluster,
    ):
        for _ in range(6):
            crash_leader(cluster, USUAL)
            last = {
                server: len(host.box._methods.server.log.entries)
                for server, host in enumerate(cluster.world.hosts)
            }
            leader = cluster.settled_leader()
            assert last[leader] == max(last.values())


@pytest.mark.slow
def test_a_server_that_crashes_too_makes_elections_longer_and_comes_back():
    both = [replace(setting, trials=12) for setting in WIDE_AREA]
    alone, with_another = (measured(setting) for setting in both)
    assert with_another.mean_ms > alone.mean_ms
    assert with_another.split_share > alone.split_share
    # All time-outs begin with the trial: half an interval is not missed before it.
    assert alone.downtimes_ms[0] > 300


@pytest.mark.unmeasured
def test_a_variant_runs_with_its_statements():
    patient = replace(
        USUAL,
        body="def _reset_election_timer(self):\n"
        "    self.election_deadline_s = time.monotonic() + random.uniform(0.5, 1)",
    )
    assert measured(patient).downtimes_ms[0] > 300


@pytest.mark.unmeasured
def test_a_raft_that_elects_nobody_is_refused_with_a_sentence(monkeypatch):
    monkeypatch.setattr(election_cluster_module, "STARTS_MAX", 2)
    never = replace(
        USUAL,
        body="def _reset_election_timer(self):\n"
        "    self.election_deadline_s = time.monotonic() + 10_000",
    )
    with pytest.raises(UsageError, match="elect no leader"):
        measured(never)


def test_a_folder_without_a_package_is_refused(tmp_path):
    with (
        pytest.raises(UsageError, match="no package"),
        timed(tmp_path, USUAL.timeouts),
    ):
        pass


@pytest.mark.unmeasured
def test_those_who_lag_hear_the_last_heartbeat_with_the_others_however_fast_they_are():
    # A message and its answer take longer than a heartbeat interval. If those who lag had
    # heard the last heartbeat earlier, they would always be candidates first.
    fast = replace(USUAL, timeouts=ElectionTimeouts(12, 24), message_ms=3.1, trials=12)
    assert measured(fast).split_share < 0.9
