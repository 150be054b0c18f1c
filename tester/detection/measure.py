"""Measuring what the suite detects: every mutant against every test at many seeds.

    python -m tester.detection [MUTANT…] --seeds 20 --write docs/detection.md
    python -m tester.detection --lab 3 --seeds 20 --write docs/detection_kv.md

The reference runs too: a failure of it is a false alarm. Every run is written to
a file as it ends, so that Ctrl-C loses nothing and `--resume` continues.
"""

import argparse
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from tester import jsonl
from tester.cluster_engine.connect import add_dask, connected
from tester.console import LabConsole, output_may_close, say
from tester.detection.matrix import (
    Matrix,
    Probe,
    print_matrix,
    property_of,
    write_markdown,
)
from tester.detection.mutants import (
    REFERENCE,
    Mutant,
    find_mutants,
    note_found_by,
    reference,
)
from tester.errors import UsageError
from tester.judging.graded_test import GradedTest
from tester.judging.run_hosting import IN_PROCESS
from tester.judging.suite import LABS, collect
from tester.verdict import LoadResult, Run, Verdict
from tester.workers.engine import Engine, WorkerLost
from tester.workers.job import RunJob
from tester.workers.pool import Pool

EXIT_USAGE, EXIT_INTERRUPTED = 2, 130

Key = tuple[str, str, int]
"""A mutant, a test, a seed: what a run is a function of."""


@dataclass
class Lane:
    """The tests of a part, or of all parts, in order, for one mutant at one seed.

    Attributes:
        stop_early: skip the rest once a test has found the mutant.
    """

    mutant: Mutant
    seed: int
    tests: deque[GradedTest]
    stop_early: bool

    def next_job(self) -> RunJob | None:
        """Return the next run, None at the end of the lane."""
        if not self.tests:
            return None
        test = self.tests.popleft()
        return RunJob(
            path=str(self.mutant.path),
            name=self.mutant.name,
            lab=self.mutant.lab,
            test=test.name,
            seed=self.seed,
            preempt=self.mutant.preempt,
        )

    def note(self, probe: Probe) -> None:
        """Record the result of a run.

        A lost entry may stop progress before it shows as what it is. So if the
        mutant breaks a property, the lane goes on until a failure names it.
        """
        properties = self.mutant.properties
        is_named = not properties or property_of(probe.code) in properties
        if probe.verdict is Verdict.FAILED and is_named and self.stop_early:
            self.tests.clear()


def lanes(
    mutants: list[Mutant],
    tests: list[GradedTest],
    seeds: range,
    thorough: bool = False,
    once: bool = False,
) -> Iterator[Lane]:
    """Yield all lanes; every mutant gets a seed before the next seed begins.

    Args:
        mutants: the rows of the measurement.
        tests: in the suite's order.
        seeds: the seeds of the runs.
        thorough: whether a part goes on after one of its tests has found the mutant.
        once: whether all parts are one lane, which ends when one has found the mutant.
    """
    parts: dict[str, list[GradedTest]] = {}
    for test in tests:
        parts.setdefault("" if once else test.part, []).append(test)
    for seed in seeds:
        for mutant in mutants:
            # An alarm in the reference must not hide another one.
            stop_early = not thorough and mutant.name != REFERENCE
            for part in parts.values():
                yield Lane(mutant, seed, deque(part), stop_early)


def measure(
    todo: Iterator[Lane],
    done: dict[Key, Probe],
    tests: list[GradedTest],
    engine: Engine,
    report: Callable[[Probe], None],
) -> None:
    """Run all lanes, a few at a time, and report each run.

    Args:
        done: the runs of an earlier measurement: reported, but not repeated.
        tests: in the suite's order.
        engine: carries out the jobs.
    """
    parts = {test.name: test.part for test in tests}
    active: dict[Key, Lane] = {}
    with engine as pool:

        def advance(lane: Lane) -> None:
            """Give the pool a lane's next run, unless it is at its end."""
            while (job := lane.next_job()) is not None:
                known = done.get((job.name, job.test, job.seed))
                if known is None:
                    active[job.name, job.test, job.seed] = lane
                    pool.add(job)
                    return
                lane.note(known)
                report(known)

        def begin_lanes() -> None:
            # Two for each process: one that runs, and one that waits. Of a cluster, the
            # workers may all be away for a moment.
            while len(active) < max(1, 2 * pool.processes):
                lane = next(todo, None)
                if lane is None:
                    return
                advance(lane)

        begin_lanes()
        for job, result in pool.results():
            assert isinstance(job, RunJob)
            assert not isinstance(result, LoadResult)
            probe = _probe(job, parts[job.test], result)
            report(probe)
            lane = active.pop((job.name, job.test, job.seed))
            lane.note(probe)
            advance(lane)
            begin_lanes()


def _probe(job: RunJob, part: str, run: Run | WorkerLost) -> Probe:
    """Return the result of a job, even of one whose process was lost."""
    if isinstance(run, WorkerLost):
        failed = run.is_submissions_fault
        verdict = Verdict.FAILED if failed else Verdict.UNKNOWN
        return Probe(
            job.name, part, job.test, job.seed, verdict, run.code.name, run.reason
        )
    return Probe(
        job.name,
        part,
        job.test,
        job.seed,
        run.verdict,
        run.code,
        run.reason,
        run.cpu_s,
    )


# The results' file: a header line with the submissions' digests, then a run a line.


def read_results(file: Path, digests: dict[str, str]) -> dict[Key, Probe]:
    """Return the runs in a file that belong to the present code of their mutant."""
    if not file.is_file():
        return {}
    found: dict[Key, Probe] = {}
    same: set[str] = set()
    for line in jsonl.read(file, dict[str, Any]).records:
        if "digests" in line:
            then = line["digests"]
            same = {name for name in digests if then.get(name) == digests[name]}
        elif line["mutant"] in same:
            probe = msgspec.convert(line, Probe)
            found[probe.mutant, probe.test, probe.seed] = probe
    return found


# The command line.


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(
        prog="python -m tester.detection",
        description="Run every mutant against the suite: mutants by parts, the share of "
        "seeds that detect it, CPU seconds to the first detection, and by what check.",
    )
    add = parser.add_argument
    add("mutants", nargs="*", metavar="MUTANT", help="only these (default: all)")
    add("--lab", type=int, choices=LABS, default=2, help="2 (default) or 3")
    add("--parts", help="only these parts, as in 2A,2X")
    add("-k", "--tests", default="", metavar="EXPR", help="only tests that match")
    add("--seeds", type=int, default=1, metavar="N", help="how many (default 1)")
    add("--seed", type=int, default=0, metavar="S", help="the first (default 0)")
    add("--jobs", type=int, default=os.cpu_count() or 1, metavar="J")
    add_dask(parser)
    add(
        "--thorough",
        action="store_true",
        help="run all tests of a part, even after one has found the mutant",
    )
    add(
        "--once",
        action="store_true",
        help="run no other part at a seed at which one has found the mutant",
    )
    add("--out", type=Path, default=Path(".lab/detection.jsonl"), metavar="FILE")
    add(
        "--resume",
        action="store_true",
        help="keep the runs in --out of mutants that have not changed; the suite "
        "must not have changed either",
    )
    add("--write", type=Path, metavar="FILE", help="write the matrix, in Markdown")
    add(
        "--note",
        action="store_true",
        help="write the quickest failing run into each mutant's docstring, for "
        "tests/tester/detection/test_detection.py",
    )
    return parser.parse_args(arguments)


def run(options: argparse.Namespace, console: Console) -> int:
    """Measure what the options name; return the exit status."""
    lab = options.lab
    mutants = [reference(lab), *find_mutants(options.mutants or None, lab)]
    parts = options.parts.upper().split(",") if options.parts else None
    tests = collect(parts, options.tests, lab=lab)
    seeds = range(options.seed, options.seed + options.seeds)
    digests = {mutant.name: mutant.digest for mutant in mutants}
    done = read_results(options.out, digests) if options.resume else {}
    matrix = Matrix(mutants, tests, seeds)
    status = 0
    with closing(jsonl.Appender.open(options.out, keep=False)) as out:
        for record in ({"digests": digests}, *done.values()):
            out.append(record)

        def report(probe: Probe) -> None:
            if (probe.mutant, probe.test, probe.seed) not in done:
                out.append(probe)
            matrix.add(probe)
            if probe.mutant == REFERENCE and probe.verdict is not Verdict.PASSED:
                console.print(
                    f"false alarm: {probe.test} seed {probe.seed}: {probe.reason}",
                    markup=False,
                )

        title = f"{len(mutants)} submissions, {len(tests)} tests, {len(seeds)} seeds"
        try:
            with console.status(title):
                todo = lanes(mutants, tests, seeds, options.thorough, options.once)
                measure(todo, done, tests, _engine(options, console), report)
        except KeyboardInterrupt:
            console.print(
                "interrupted: the table shows the runs done so far; continue with --resume"
            )
            status = EXIT_INTERRUPTED
    print_matrix(console, matrix)
    if options.write:
        write_markdown(options.write, matrix)
    if options.note:
        note_quickest(matrix)
    return status


def _engine(options: argparse.Namespace, console: Console) -> Engine:
    """Return what makes the runs: processes of this machine, or a cluster."""
    cluster = connected(
        options.dask, options.jobs, IN_PROCESS, lambda line: say(console, line)
    )
    return cluster or Pool(options.jobs)


def note_quickest(matrix: Matrix) -> None:
    """Write the quickest run that finds it into each mutant's docstring."""
    for mutant in matrix.mutants:
        quickest = matrix.quickest(mutant)
        if quickest is not None and mutant.name != REFERENCE:
            note_found_by(mutant, quickest.test, quickest.seed, mutant.preempt)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    try:
        with output_may_close():
            return run(
                parse(sys.argv[1:] if arguments is None else arguments), LabConsole()
            )
    except UsageError as exc:
        Console(stderr=True).print(f"tester.detection: {exc}", markup=False)
        return EXIT_USAGE
