"""Each figure moves when a Raft is different: small variants of the reference."""

from pathlib import Path

import pytest

from labrpc.submission.submission import Submission
from tester.judging.run_hosting import RunHosting
from tester.measuring.batch import measure_batch
from tester.measuring.figures import CPU, FIGURES
from tester.measuring.measured import Measured
from tester.measuring.plan import PLANS
from tester.measuring.probes import PROBES

RAFT = Path(__file__).resolve().parents[3] / "raft"
TRIALS = {"elections": 6, "replication": 12, "catching_up": 2, "recovering": 2}
VARIANTS = {
    "as it is": "pass",
    "twice the heartbeats": "heartbeat_interval_s = 0.05",
    "longer time-outs": "election_timeout_s_min = 0.9; election_timeout_s_max = 1.2",
    "no votes in odd terms": """
        def _may_vote_for(self, candidate_id):
            return self.current_term % 2 == 0 and super()._may_vote_for(candidate_id)
    """,
    "commands wait for a heartbeat": "def _replicate_if_idle(self, peer): pass",
    "commands are sent twice": """
        def _replicate_if_idle(self, peer):
            if self.next_index[peer] <= self.log.last_index:
                self._replicate_to(peer)
                self._replicate_to(peer)
    """,
    "a large state": """
        def _raft_state(self):
            return super()._raft_state() + bytes(5000)
    """,
    "backs up by one": """
        def _back_up(self, peer, reply):
            at = self.next_index[peer] - 1
            self.next_index[peer] = max(self.match_index[peer] + 1, at)
    """,
    "a slow start": """
        def _run_applier(self):
            time.sleep(1)
            super()._run_applier()
    """,
}


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Return a function that measures a variant; the same one is measured once."""
    folder = tmp_path_factory.mktemp("variants")
    (folder / "raft").symlink_to(RAFT)
    found = {}

    def measure(variant, probe):
        if (variant, probe) not in found:
            file = folder / f"variant{len(found)}.py"
            body = "\n".join(VARIANTS[variant].splitlines())
            indent = "" if body.startswith("\n") else "        "
            file.write_text(
                "import time\nfrom raft.raft import Raft as Reference\n"
                f"class Raft(Reference):\n{indent}{body}\n"
            )
            host = RunHosting().open(Submission.find(file))
            batch = measure_batch(host, probe, 0, TRIALS[probe])
            assert not batch.reason
            one = Measured(variant)
            one.add(batch)
            found[variant, probe] = one
        return found[variant, probe]

    return measure


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("figure", "probe", "variant", "factor"),
    [
        ("downtime_ms", "elections", "longer time-outs", 2),
        ("election_terms", "elections", "no votes in odd terms", 1.5),
        ("commit_latency_ms", "replication", "commands wait for a heartbeat", 10),
        ("idle_rpcs_per_s", "replication", "twice the heartbeats", 1.9),
        ("command_rpcs", "replication", "commands are sent twice", 1.5),
        ("command_bytes", "replication", "commands are sent twice", 1.5),
        ("state_bytes", "replication", "a large state", 5),
        ("catch_up_ms", "catching_up", "backs up by one", 1.2),
        ("catch_up_rpcs", "catching_up", "backs up by one", 2),
        ("catch_up_bytes", "catching_up", "backs up by one", 2),
        pytest.param(
            "recovery_ms", "recovering", "a slow start", 5, marks=pytest.mark.slow
        ),
    ],
)
def test_a_figure_moves_with_what_it_measures(measured, figure, probe, variant, factor):
    usual = measured("as it is", probe).summary(figure)
    assert measured(variant, probe).summary(figure).mean > factor * usual.mean


def test_elections_that_fail_are_counted(measured):
    assert measured("as it is", "elections").split_share < 0.5
    assert measured("no votes in odd terms", "elections").split_share >= 0.5


def test_every_figure_is_measured_by_some_probe(measured):
    found = [measured("as it is", probe) for probe in PROBES]
    names = {figure.name for figure in FIGURES}
    assert {name for one in found for name in one.samples} == names
    assert any(one.cpu_ms_per_command for one in found)
    assert CPU.name not in names
    assert set(PLANS) == set(PROBES) == set(TRIALS)


@pytest.mark.unmeasured
def test_the_same_seed_gives_the_same_samples(measured):
    host = RunHosting().open(Submission.find(RAFT))
    first, again = (measure_batch(host, "elections", 3, 2) for _ in range(2))
    assert first.samples == again.samples
    assert first.samples != measure_batch(host, "elections", 4, 2).samples


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "probe", "why"),
    [
        ("election_timeout_s_min = 9_000\n    election_timeout_s_max = 9_001",
         "elections", "no leader"),
        ("def _commit_replicated(self): pass", "replication", "was not applied"),
        ("def _commit_replicated(self): pass", "recovering", "was not applied"),
    ],
)  # fmt: skip
def test_what_keeps_a_trial_from_its_end_is_said(tmp_path, body, probe, why):
    (tmp_path / "raft").symlink_to(RAFT)
    file = tmp_path / "variant.py"
    file.write_text(
        f"from raft.raft import Raft as Reference\nclass Raft(Reference):\n    {body}\n"
    )
    batch = measure_batch(RunHosting().open(Submission.find(file)), probe, 0, 1)
    assert why in batch.reason
