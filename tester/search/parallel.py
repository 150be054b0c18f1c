"""A search in several processes at once, each with draws of its own.

They share nothing. A process reports a found run as a list of choices, and it counts
only if it fails here as well: a process that runs a submission's code may report
anything.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import msgspec

from labrpc.box_factory import Isolation, make_box_factory
from labrpc.errors import LabError
from labrpc.machine.lab_process import lab_command, lab_environment
from labrpc.machine.wall_clock import cpu_seconds
from labrpc.submission.submission import Submission
from tester.intake.service_submission import find_service
from tester.search.budget import Limits
from tester.search.choice_text import list_text
from tester.search.choices import Setting
from tester.search.search import Exhausted
from tester.search.session import searched


class Part(msgspec.Struct, frozen=True):
    """What one process is to search.

    Attributes:
        submission: where it lies.
        isolation: where its boxes live.
        require_sandbox: whether to refuse a sandbox that lacks a layer.
        number: which part this is, from 0.
        setting: what holds in all worlds.
        seed: of its random part.
        states_max: how many states to find; None for any number.
        cpu_s_max: how much CPU time to take; None for any.
        explored: budgets that need not be explored.
        suite: where the suite of lab 3 lies if a service is searched; "" for a Raft.
    """

    submission: str
    isolation: Isolation
    require_sandbox: bool
    number: int
    setting: Setting
    seed: str
    states_max: int | None
    cpu_s_max: float | None
    explored: tuple[Exhausted, ...] = ()
    suite: str = ""

    def find(self) -> Submission:
        """Return the submission.

        Raises:
            LoadError: there is none.
        """
        path = Path(self.submission)
        if self.suite:
            return find_service(path, Path(self.suite))
        return Submission.find(path)


class PartOutcome(msgspec.Struct, frozen=True):
    """What came of it.

    Attributes:
        states: how many states were found.
        cpu_s: the CPU time that it took.
        explored: the budgets that were explored completely.
        run: the text of a list of choices that fails, "" if none was met.
        replays: how many lists were tried to shorten it.
        interrupted: whether it was interrupted.
        out_of_time: whether there was no time for all lists.
    """

    states: int
    cpu_s: float
    explored: tuple[Exhausted, ...] = ()
    run: str = ""
    replays: int = 0
    interrupted: bool = False
    out_of_time: bool = False


# Of a part that was stopped before it had found anything.
STOPPED = PartOutcome(0, 0.0, interrupted=True)
# How often a process's search may turn out not to be wanted any longer.
LOOK_S = 1.0


def search_part(part: Part) -> PartOutcome:
    """Search in this process."""
    boxes = make_box_factory(
        part.find(),
        preempt=part.setting.preempt,
        isolation=part.isolation,
        require_sandbox=part.require_sandbox,
        process_number=part.number,
    )
    try:
        limits = Limits(
            part.states_max, part.cpu_s_max, lambda: cpu_seconds() + boxes.cpu_s
        )
        outcome = searched(boxes, part.setting, limits, part.seed, part.explored)
    finally:
        boxes.close()
    run = "" if outcome.run is None else list_text(outcome.run)
    found = outcome.found
    return PartOutcome(
        outcome.states,
        outcome.cpu_s,
        outcome.explored,
        run,
        0 if found is None else found.replays,
        outcome.interrupted,
        found is not None and found.out_of_time,
    )


class Place(Protocol):
    """Where the parts of a search are searched."""

    def outcomes(self) -> Iterator[tuple[Part, PartOutcome]]:
        """Yield the parts that have not been yielded yet, as each of them ends.

        Raises:
            LabError: a process has broken.
        """

    def stop(self, numbers: Collection[int]) -> None:
        """Let parts end with what they have; those that have not begun may never."""

    def close(self) -> None:
        """Wait until all have ended."""


def searched_in_parts(
    parts: Sequence[Part], place: Place | None = None
) -> tuple[list[PartOutcome], bool]:
    """Return what comes of all parts, and whether Ctrl-C ended them.

    Once one has found a run, those after it are stopped; where time is the limit, the
    others as well. So a number of states gives the same result again.

    Args:
        parts: what is to be searched.
        place: where; None for a process of this machine for each.

    Raises:
        LabError: a process has broken.
    """
    place = place or Processes(parts)
    numbers = {part.number for part in parts}
    found: dict[int, PartOutcome] = {}

    def later(part: Part) -> set[int]:
        return {number for number in numbers if number > part.number}

    def take_outcomes() -> None:
        for part, outcome in place.outcomes():
            found[part.number] = outcome
            if outcome.run:
                place.stop(numbers if part.states_max is None else later(part))

    interrupted = False
    try:
        try:
            take_outcomes()
        except KeyboardInterrupt:
            interrupted = True
            place.stop(numbers)
            take_outcomes()
    except BaseException:
        place.stop(numbers)
        raise
    finally:
        place.close()
    return [found.get(part.number, STOPPED) for part in parts], interrupted


class Processes:
    """Processes of this machine, one for each part."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._processes = [SearchProcess(part) for part in parts]
        self._pool = ThreadPoolExecutor(len(parts))
        self._futures = {
            self._pool.submit(process.outcome): process for process in self._processes
        }

    def outcomes(self) -> Iterator[tuple[Part, PartOutcome]]:
        """Yield the parts that have not been yielded yet, as each of them ends."""
        for future in as_completed(list(self._futures)):
            yield self._futures[future].part, future.result()
            del self._futures[future]

    def stop(self, numbers: Collection[int]) -> None:
        """Let parts end with what they have."""
        for process in self._processes:
            if process.part.number in numbers:
                process.stop()

    def close(self) -> None:
        """Wait until all processes have ended."""
        self._pool.shutdown()


class SearchProcess:
    """The process that searches one part."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self._process = subprocess.Popen(
            lab_command("tester.search.parallel"),
            env=lab_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Ctrl-C is for this process, which passes it on.
            start_new_session=True,
        )
        self._stopped = False

    def outcome(self, is_wanted: Callable[[], bool] = lambda: True) -> PartOutcome:
        """Wait for what comes of it.

        Args:
            is_wanted: asked now and then; if it says no, the process is stopped.

        Raises:
            LabError: the process has broken.
        """
        order: bytes | None = msgspec.json.encode(self.part)
        while True:
            try:
                out, err = self._process.communicate(order, timeout=LOOK_S)
                break
            except subprocess.TimeoutExpired:
                order = None
                if not is_wanted():
                    self.stop()
        try:
            return msgspec.json.decode(out, type=PartOutcome)
        except (msgspec.DecodeError, UnicodeDecodeError):
            if self._stopped:
                return STOPPED  # Before it had begun.
            lines = err.decode(errors="replace").strip().splitlines()
            reason = lines[-1] if lines else f"status {self._process.returncode}"
            raise LabError(
                f"process {self.part.number} of the search broke: {reason}"
            ) from None

    def stop(self) -> None:
        """Let it end with what it has."""
        if not self._stopped and self._process.poll() is None:
            self._stopped = True
            self._process.send_signal(signal.SIGINT)


def main() -> None:
    """Search the part that stdin describes, and write to stdout what comes of it."""
    _end_with_parent()
    part = msgspec.json.decode(sys.stdin.buffer.read(), type=Part)
    # What a submission prints to the process's own output must not mix with it.
    out, sys.stdout = sys.stdout, sys.stderr
    # A shell that starts this in the background has it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        outcome = search_part(part)
    except KeyboardInterrupt:
        outcome = STOPPED
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out.buffer.write(msgspec.json.encode(outcome))
    out.flush()


def _end_with_parent() -> None:
    """End as soon as the process is killed that waits for this one, if it can be."""
    # Where there is no POSIX, it cannot even be imported.
    with suppress(OSError, TypeError):
        from labrpc.sandbox.linux import PR_SET_PDEATHSIG, prctl

        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
