"""One batch of trials: a probe, a submission and a seed, hosted as a graded run is.

Whatever keeps a graded run from harming its judge holds here too: the same watchdog,
memory limit, isolation and oracles.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from labrpc.codes import Code
from labrpc.errors import HEADLINE_CHARS_MAX
from labrpc.machine.wall_clock import cpu_seconds
from tester.judging.graded_test import GradedTest
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import RunHost
from tester.measuring.probes import PROBES, SERVERS
from tester.measuring.probing import Probing
from tester.measuring.service_probes import SERVICE_PROBES
from tester.scenario.measured_cluster import MeasuredCluster
from tester.text import encodable_text, one_line
from tester.verdict import Verdict


class Batch(msgspec.Struct, kw_only=True):
    """What came of a batch of trials.

    Attributes:
        samples: what was measured, by the name of the figure; also of a batch that
            ended early.
        verdict: whether the submission did what it should meanwhile.
        code: the stable name of what it did not, "" if it passed.
        reason: one line that says what is wrong, "" if it passed.
        cpu_s: CPU seconds that the batch took.
    """

    verdict: Verdict
    samples: dict[str, list[float]] = msgspec.field(default_factory=dict)
    code: str = ""
    reason: str = ""
    cpu_s: float = 0.0


def measure_batch(host: RunHost, probe: str, seed: int, trials: int) -> Batch:
    """Run a batch of trials of a probe; what is measured depends on the seed alone.

    Args:
        host: where the submission runs.
        probe: the name of the probe.
        seed: of the batch.
        trials: how many are wanted.
    """
    found: list[Probing[Any]] = []

    def cpu_s() -> float:
        return cpu_seconds() + host.boxes.cpu_s

    def measure(cluster: MeasuredCluster) -> None:
        found.append(Probing(cluster, trials, cpu_s))
        of_service = SERVICE_PROBES.get(probe)
        if of_service is not None:
            of_service.measure(found[0])
        else:
            PROBES[probe](found[0])

    test = GradedTest(probe, "", 0, measure, Path(__file__), SERVERS)
    service = SERVICE_PROBES.get(probe)
    if service is not None:
        test = replace(
            test,
            service="kv",
            clerks=service.clerks,
            max_raft_state=service.max_raft_state,
        )
    run = run_test(RunConditions(host.boxes.submission, test, seed), host)
    return Batch(
        samples=found[0].samples if found else {},
        verdict=run.verdict,
        code=run.code,
        reason=run.reason,
        cpu_s=run.cpu_s,
    )


def broken_batch(verdict: Verdict, code: Code, reason: str) -> Batch:
    """Return the batch of a submission that cannot be measured."""
    reason = one_line(encodable_text(reason), HEADLINE_CHARS_MAX)
    return Batch(verdict=verdict, code=code.name, reason=reason)
