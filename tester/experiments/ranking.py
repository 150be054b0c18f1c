"""Ranked candidates against random time-outs, which the paper chose (section 5.2).

A crashed leader is replaced by servers of three designs, while the highest-ranked of
those that are left works well, crashes, flaps or is slow.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from labrpc.clock import MILLISECOND
from tester.experiments.election_cluster import ElectionCluster
from tester.experiments.setting import Setting
from tester.experiments.timed_raft import ElectionTimeouts
from tester.intake.default_submission import REFERENCE

RANKED = REFERENCE.parent / "tests" / "correct" / "ranked" / "raft"
TRIALS = 500
TRIALS_OF_A_WAIT = 100
MESSAGE_MS = 2.5
LIMIT_MS = 20_000
FLAPPING_MS = 100
SLOW_MS = 60
LOOK_MS = 0.5


@dataclass(frozen=True)
class Design:
    """How servers decide who is elected.

    Attributes:
        name: as in the tables.
        raft: the package that holds the class `Raft`.
        timeouts: the servers' election time-outs.
        ranked: whether a candidate yields to one of higher rank.
        body: statements added to the class.
    """

    name: str
    raft: Path
    timeouts: ElectionTimeouts
    ranked: bool
    body: str = ""


RANDOM = Design("random", REFERENCE, ElectionTimeouts(150, 300), ranked=False)
RANKS = Design("ranked", RANKED, ElectionTimeouts(150, 150), ranked=True)
BOTH = Design("ranked + random", RANKED, ElectionTimeouts(150, 300), ranked=True)
DESIGNS = (RANDOM, RANKS, BOTH)
# A ranked server yields to a better log first. This one looks at the number only.
NUMBERS = replace(
    RANKS,
    name="ranked, by the number alone",
    body="\ndef _ranks_below(self, args):\n    return args.candidate_id < self.me",
)
# How much longer than its time-out a server waits once it has yielded.
YIELD_MS = 75
YIELDS_MS = (0, 10, 20, 30, 40, 50, 60, 75, 100, 150, 200, 300)


@dataclass(frozen=True, eq=False)
class Contest(Setting):
    """The trials of one design in one of the cases.

    Attributes:
        design: the design's name.
        case: the name of one of `CASES`, or `LOGS_DIFFER`.
        yield_ms: how much longer a server waits once it has yielded.
    """

    design: str = ""
    case: str = ""
    yield_ms: float = YIELD_MS

    @property
    def label(self) -> str:
        """Return the design: the case is the graph's."""
        return self.design

    def disturb(self, cluster: ElectionCluster) -> None:
        """Let the highest-ranked server that is left misbehave from now on."""
        trouble = CASES.get(self.case)
        if trouble is not None:
            trouble(Trial(cluster))


def contest(
    design: Design,
    case: str,
    yield_ms: float = YIELD_MS,
    trials: int = TRIALS,
    ineligible: int = 0,
) -> Contest:
    """Return the setting for one design in one case."""
    return Contest(
        name=f"{design.name}, {case}, {yield_ms:g} ms, {trials} trials",
        timeouts=design.timeouts,
        trials=trials,
        message_ms=MESSAGE_MS,
        limit_ms=LIMIT_MS,
        ineligible=ineligible,
        body=(f"yield_s = {yield_ms / 1000}" if design.ranked else "") + design.body,
        raft=design.raft,
        design=design.name,
        case=case,
        yield_ms=yield_ms,
    )


class Trial:
    """A trial from the leader's crash on.

    Args:
        cluster: in which just one server is down, the leader that has crashed.

    Attributes:
        top: the highest-ranked server of those that are left.
    """

    def __init__(self, cluster: ElectionCluster) -> None:
        self.cluster = cluster
        (self._crashed,) = [s for s in cluster.servers if not self.is_up(s)]
        self.top = min(s for s in cluster.servers if s != self._crashed)

    def is_up(self, server: int) -> bool:
        """Return whether a server runs at the moment."""
        return self.cluster.world.hosts[server] is not None

    @property
    def is_over(self) -> bool:
        """Return whether the crashed leader has been replaced: it is started again."""
        return self.is_up(self._crashed)

    def rest(self, duration_ms: float = float("inf")) -> None:
        """Let time pass, until the trial is over."""
        until_ns = self.cluster.world.now_ns + duration_ms * MILLISECOND
        while self.cluster.world.now_ns < until_ns and not self.is_over:
            self.cluster.sleep_ms(LOOK_MS)

    def enable_top(self, passes: bool) -> None:
        """Let the messages of the top rank get through, or not."""
        for other in self.cluster.servers:
            if other != self.top:
                self.cluster.world.network.enable(self.top, other, passes)


# The cases. What goes on during a trial runs as a thread of the scenario.


def crash_as_candidate(trial: Trial) -> None:
    """Crash the top rank once its first requests for votes have arrived, if it sends any."""
    cluster, top = trial.cluster, trial.top
    sent_ns = cluster.traffic.broadcast_ns
    before_ns = sent_ns.get(top)

    def run() -> None:
        while sent_ns.get(top) == before_ns and not trial.is_over:
            cluster.sleep_ms(LOOK_MS)
        cluster.world.sleep_ns(cluster.world.network.transit_ns[1])
        if not trial.is_over:
            cluster.world.crash(top)
        trial.rest()
        if not trial.is_up(top):
            cluster.world.start(top)

    cluster.world.spawn(run)


def flap(trial: Trial) -> None:
    """Let the messages of the top rank get lost, get through, get lost, and so on."""
    draws = trial.cluster.random
    first_passes, first_ms = draws.random() < 0.5, draws.random() * FLAPPING_MS

    def run() -> None:
        passes, wait_ms = first_passes, first_ms
        while not trial.is_over:
            trial.enable_top(passes)
            trial.rest(wait_ms)
            passes, wait_ms = not passes, FLAPPING_MS
        trial.enable_top(True)

    trial.cluster.world.spawn(run)


def slow_down(trial: Trial) -> None:
    """Let each message of the top rank take longer."""
    slow_ns = trial.cluster.world.network_faults().slow_ns
    for other in trial.cluster.servers:
        if other != trial.top:
            slow_ns[trial.top, other] = SLOW_MS * MILLISECOND


LOGS_DIFFER = "two of the four others lack an entry"
CASES: dict[str, Callable[[Trial], None] | None] = {
    "the leader crashes": None,
    "the top rank crashes too": crash_as_candidate,
    "the top rank flaps": flap,
    "the top rank is slow": slow_down,
}
# The cases in which it matters how long a server waits once it has yielded.
CASES_OF_A_WAIT = [
    "the leader crashes",
    "the top rank crashes too",
    "the top rank is slow",
]


def all_contests() -> dict[str, list[Setting]]:
    """Return the curves by graph or table: designs in each case, waits, and logs."""
    designs: dict[str, list[Setting]] = {
        case: [contest(design, case) for design in DESIGNS] for case in CASES
    }
    waits: dict[str, list[Setting]] = {
        waits_in(case): [
            contest(RANKS, case, yield_ms, TRIALS_OF_A_WAIT) for yield_ms in YIELDS_MS
        ]
        for case in CASES_OF_A_WAIT
    }
    logs: dict[str, list[Setting]] = {
        LOGS_DIFFER: [
            contest(design, LOGS_DIFFER, ineligible=2) for design in (RANKS, NUMBERS)
        ]
    }
    return designs | waits | logs


def waits_in(case: str) -> str:
    """Return what the curves of all waits in a case are called."""
    return f"how long to wait: {case}"
