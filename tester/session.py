"""One pytest session of the lab: its options, its failure store, its tally.

The plugin's hooks call this; it knows pytest only by its configuration.
"""

from pathlib import Path

import pytest

from labrpc.errors import LoadError
from labrpc.real_time import Deadline
from labrpc.submission import Submission
from tester.determinism import DeterminismCheck
from tester.failures import DIRECTORY, FailureStore
from tester.run import GradedTest, graded_run
from tester.seeds import Portion, parse_duration, portions, slices
from tester.stress import Tally, markdown
from tester.verdict import Run

REFERENCE = Path(__file__).resolve().parent.parent / "raft"


class LabSession:
    """What the options of one pytest process say, and what has come of it.

    Attributes:
        tally: all runs so far, in the process that reports.
        duration_s: how long to run fresh seeds, None without `--for`.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.tally = Tally()
        self.submission = self._find_submission()
        self.store = FailureStore(
            config.invocation_params.dir / DIRECTORY, self.submission
        )
        if config.getoption("--seeds") < 1:
            raise pytest.UsageError("--seeds takes a number from 1 on")
        self._real_time: bool = config.getoption("--real-time")
        virtual_only = (
            "--lab-digest", "--lab-trace", "--lab-check-determinism", "--lab-failed",
            "--pdb",
        )  # fmt: skip
        for virtual in virtual_only if self._real_time else ():
            if config.getoption(virtual):
                raise pytest.UsageError(
                    f"{virtual} needs runs that repeat, and time that stands still: "
                    "not with --real-time"
                )
        self.determinism = DeterminismCheck(self.submission)
        self.duration_s = self._duration_s()
        self._deadline = Deadline(self.duration_s or 0)

    def _find_submission(self) -> Submission:
        """Return the submission under test.

        Raises:
            pytest.UsageError: there is none.
        """
        path = self._config.getoption("--submission") or self._default_submission()
        try:
            return Submission.find(path)
        except LoadError as exc:
            raise pytest.UsageError(f"--submission: {exc}") from None

    def _default_submission(self) -> Path:
        """Return the reference, or in a student's repository that repository."""
        root = self._config.rootpath
        if self._config.getoption("--lab") and root / "raft" != REFERENCE:
            return root
        return REFERENCE

    def _duration_s(self) -> float | None:
        text = self._config.getoption("--for")
        try:
            return parse_duration(text) if text else None
        except ValueError:
            raise pytest.UsageError(
                f"--for takes a duration such as 90s, 10m or 8h, not {text!r}"
            ) from None

    # Which seeds.

    def portions(self, test: str) -> list[Portion]:
        """Return the portions of seeds that a test runs, kept failures first.

        A seed that was asked for by `--seed` is a replay: it runs alone. In real
        time a seed that failed before is worth no more than any other.
        """
        option = self._config.getoption
        first = option("--seed")
        if first is not None or self._real_time:
            return self._fresh(first or 0)
        kept = [Portion(range(s, s + 1), kept=True) for s in self.store.kept(test)]
        if option("--lab-failed"):
            return kept
        return kept + self._fresh(0)

    def _fresh(self, first: int) -> list[Portion]:
        if self.duration_s is not None:
            return slices(first, self.duration_s, self._workers())
        return portions(first, self._config.getoption("--seeds"))

    def _workers(self) -> int:
        """Return how many processes run tests, the same number in each of them."""
        workerinput = getattr(self._config, "workerinput", None)
        return workerinput["workercount"] if workerinput else 1

    def select(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """Return the items to run: kept failures first, then round by round.

        With a time limit, as many slices as fill it, each test's in turn.
        """
        rounds: dict[str, int] = {}
        ranked: list[tuple[int, pytest.Item]] = []
        for item in items:
            portion = portion_of(item)
            if portion is None or portion.kept:
                ranked.append((-1, item))
            elif portion.slice_s is None:
                ranked.append((0, item))
            else:
                test = item.nodeid.partition("[")[0]
                rounds[test] = rounds.get(test, 0) + 1
                ranked.append((rounds[test], item))
        most = max(rounds.values(), default=0) // max(len(rounds), 1) + 1
        return [
            item
            for rank, item in sorted(ranked, key=lambda pair: pair[0])
            if rank <= most
        ]

    # Running.

    def run(self, test: GradedTest, portion: Portion, runs: list[Run]) -> None:
        """Run a test at every seed of a portion, adding to `runs` as they end."""
        slice_ends = Deadline(portion.slice_s or 0)
        for seed in portion.seeds:
            if portion.slice_s is not None and (
                slice_ends.left_s() <= 0 or self._deadline.left_s() <= 0
            ):
                return
            runs.append(self._run_once(test, seed))

    def _run_once(self, test: GradedTest, seed: int) -> Run:
        if self._config.getoption("--lab-check-determinism"):
            return self.determinism.run(test, seed)
        return graded_run(
            test,
            self.submission,
            seed,
            digest=self._config.getoption("--lab-digest"),
            traces=self.trace_directory,
            real_time=self._real_time,
        )

    @property
    def trace_directory(self) -> Path | None:
        """Where traces go, None if none are wanted."""
        if not self._config.getoption("--lab-trace"):
            return None
        directory: str = self._config.getoption("--lab-trace-dir")
        return self._config.invocation_params.dir / directory

    # Reporting.

    def add(self, runs: list[Run]) -> None:
        """Take runs into the tally, and failures into the store."""
        self.tally.add(runs)
        for run in runs if not self._real_time else []:
            self.store.note(run)

    def write_summary(self) -> None:
        """Append the session in Markdown to the file that was asked for."""
        name = self._config.getoption("--lab-summary")
        if name:
            file = self._config.invocation_params.dir / name
            with file.open("a", encoding="utf-8") as out:
                out.write(markdown(self.tally, f"Raft lab: {self.submission.name}"))

    @property
    def is_stress(self) -> bool:
        """Whether there are many seeds, so that a table of rates makes sense."""
        return self._config.getoption("--seeds") > 1 or self.duration_s is not None

    @property
    def reports(self) -> bool:
        """Whether this process reports, rather than a worker of xdist."""
        return not hasattr(self._config, "workerinput")


def portion_of(item: pytest.Item) -> Portion | None:
    """Return the portion of seeds of a graded test's item."""
    callspec = getattr(item, "callspec", None)
    portion = callspec.params.get("cluster") if callspec is not None else None
    return portion if isinstance(portion, Portion) else None


def junit_properties(runs: list[Run]) -> list[tuple[str, str]]:
    """Return what `--junitxml` carries of the runs that did not pass, or of the first."""
    return [
        (name, str(getattr(run, name)))
        for run in [run for run in runs if not run.passed] or runs[:1]
        for name in (
            "seed",
            "verdict",
            "reason",
            "replay",
            "virtual_s",
            "rpcs",
            "bytes",
        )
    ]


def failure_text(runs: list[Run]) -> str:
    """Return what to show of a portion in which some run did not pass."""
    bad = [run for run in runs if not run.passed]
    lines = []
    for run in bad[:1]:
        if run.verdict == "unknown":
            lines.append("UNKNOWN, not the submission's fault:")
        lines.append(run.report())
    if len(bad) > 1:
        seeds = ", ".join(str(run.seed) for run in bad[1:])
        lines.append(f"\nalso failed: {len(bad) - 1} of {len(runs)} seeds: {seeds}")
    return "\n".join(lines)
