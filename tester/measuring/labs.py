"""What is measured in each lab: figures, probes, and how often each is made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tester.measuring.figures import CPU, FIGURES, Figure
from tester.measuring.plan import PLANS, BatchPlan, ProbePlan, batches_of
from tester.measuring.service_figures import SERVICE_FIGURES


@dataclass(frozen=True)
class LabMeasure:
    """What is measured in a lab.

    Attributes:
        lab: its number.
        figures: in the order of pages.
        curves: the names of those whose distribution is worth a curve.
        cards: the names of those that stand first.
        cpu: the CPU time for one command or operation.
        plans: how often each probe is made.
        trial: what the number of trials counts, in the plural.
        setting: where it is measured, for a page.
    """

    lab: int
    figures: tuple[Figure, ...]
    curves: tuple[str, ...]
    cards: tuple[str, ...]
    cpu: Figure
    plans: Mapping[str, ProbePlan]
    trial: str
    setting: str

    def batches(self, trials: int, seed: int) -> Iterator[BatchPlan]:
        """Yield the batches of a measurement.

        Args:
            trials: how many of the first kind; the others have fewer, in proportion.
            seed: of the measurement. Each has seeds of its own.
        """
        return batches_of(self.plans, trials, seed)


LABS = {
    2: LabMeasure(
        lab=2,
        figures=FIGURES,
        curves=("downtime_ms", "commit_latency_ms", "catch_up_ms", "recovery_ms"),
        cards=(
            "downtime_ms", "commit_latency_ms", "command_rpcs", "idle_rpcs_per_s",
            "catch_up_ms", "recovery_ms",
        ),
        cpu=CPU,
        plans=PLANS,
        trial="elections",
        setting="Five servers",
    ),
    3: LabMeasure(
        lab=3,
        figures=SERVICE_FIGURES,
        curves=tuple(f.name for f in SERVICE_FIGURES if f.unit == "ms"),
        cards=(
            "operations_per_s", "five_clients_operations_per_s", "put_ms", "get_ms",
            "operation_rpcs", "outage_ms", "restart_ms",
        ),
        cpu=replace(
            CPU,
            title="CPU time per operation",
            meaning=CPU.meaning.replace("one command", "one operation"),
        ),
        plans={
            "one_client": ProbePlan(trials=1000, batch=100),
            "five_clients": ProbePlan(trials=1000, batch=100),
            "snapshotting": ProbePlan(trials=500, batch=100),
            "leader_losses": ProbePlan(trials=100, batch=10),
            "restarts": ProbePlan(trials=50, batch=5),
        },
        trial="puts of one client",
        setting="Five servers of a key/value service",
    ),
}  # fmt: skip
