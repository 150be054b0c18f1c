"""A search in several processes at once, each with draws of its own.

They share nothing. A process reports a found run as a list of choices, and it counts
only if it fails here as well: a process that runs a submission's code may report
anything.
"""

import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

import msgspec

from labrpc.box_factory import Isolation, make_box_factory
from labrpc.errors import LabError
from labrpc.machine.wall_clock import cpu_seconds
from labrpc.submission.submission import Submission
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


class PartOutcome(msgspec.Struct, frozen=True):
    """What came of it.

    Attributes:
        states: how many states were found.
        cpu_s: the CPU time that it took.
        explored: the budgets that were explored completely.
        run: the text of a list of choices that fails, "" if none was met.
        replays: how many lists were tried to shorten it.
        interrupted: whether it was interrupted.
    """

    states: int
    cpu_s: float
    explored: tuple[Exhausted, ...] = ()
    run: str = ""
    replays: int = 0
    interrupted: bool = False


def search_part(part: Part) -> PartOutcome:
    """Search in this process."""
    boxes = make_box_factory(
        Submission.find(Path(part.submission)),
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
    replays = outcome.found.replays if outcome.found else 0
    return PartOutcome(
        outcome.states,
        outcome.cpu_s,
        outcome.explored,
        run,
        replays,
        outcome.interrupted,
    )


def searched_in_parts(parts: Sequence[Part]) -> tuple[list[PartOutcome], bool]:
    """Return what comes of all parts, and whether Ctrl-C ended them.

    Each has a process of its own.

    Once one has found a run, those after it are stopped; where time is the limit, the
    others as well. So a number of states gives the same result again.

    Raises:
        LabError: a process has broken.
    """
    processes = [_Process(part) for part in parts]
    with ThreadPoolExecutor(len(parts)) as pool:
        futures = {pool.submit(process.outcome): process for process in processes}
        interrupted = False
        try:
            _stop_when_found(futures, processes)
        except KeyboardInterrupt:
            interrupted = True
            for process in processes:
                process.stop()
        return [future.result() for future in futures], interrupted


def _stop_when_found(
    futures: "dict[Future[PartOutcome], _Process]", processes: "Sequence[_Process]"
) -> None:
    for future in as_completed(futures):
        broke = future.exception() is not None
        if not broke and not future.result().run:
            continue
        finder = futures[future].part
        no_others = broke or finder.states_max is None
        for process in processes:
            if no_others or process.part.number > finder.number:
                process.stop()


class _Process:
    """The process that searches one part."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tester.search.parallel"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Ctrl-C is for this process, which passes it on.
            start_new_session=True,
        )
        self._stopped = False

    def outcome(self) -> PartOutcome:
        """Wait for what comes of it."""
        out, err = self._process.communicate(msgspec.json.encode(self.part))
        try:
            return msgspec.json.decode(out, type=PartOutcome)
        except (msgspec.DecodeError, UnicodeDecodeError):
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
    part = msgspec.json.decode(sys.stdin.buffer.read(), type=Part)
    # What a submission prints to the process's own output must not mix with it.
    out, sys.stdout = sys.stdout, sys.stderr
    # A shell that starts this in the background has it ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        outcome = search_part(part)
    except KeyboardInterrupt:
        outcome = PartOutcome(0, 0.0, interrupted=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out.buffer.write(msgspec.json.encode(outcome))
    out.flush()


if __name__ == "__main__":
    main()
