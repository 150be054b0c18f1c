"""Grading in Gradescope's container: `run_autograder`, which keeps results.json current.

Gradescope gives no points to a submission that exceeds its time limit, and shows nothing
if a container writes no results. So results are there from the first moment, and grading
is stopped before the limit.

Started as `python -m tester.handouts.gradescope_run ROOT`, where ROOT is /autograder.
"""

import codecs
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from labrpc.machine.lab_process import lab_command, lab_environment
from labrpc.machine.wall_clock import Deadline
from tester.handouts.gradescope_bundle import RUBRIC
from tester.handouts.leaderboard import leaderboard, measure_command
from tester.intake.find import find_submission
from tester.intake.gradings import UNPACKED
from tester.intake.refusals import Refused
from tester.judging.suite import LABS, PACKAGES
from tester.reports.files import write_atomically
from tester.reports.gradescope import HIDDEN_SEEDS, GradescopeResults, Visibility

POLL_S = 2.0
# The time that a stopped grader gets to write its results.
STOPPING_S = 30.0
# The folder, among the grades, of what is measured for the leaderboard.
MEASURED = "measured"
# The exit status of a grader that finished, or was stopped.
GRADED_STATUS = (0, 3, 130, 143)
# What a student may hand in besides the whole repository, by lab.
SMALLEST = {
    2: "or just your package `raft` or your file `raft.py`",
    3: "or just its packages: `rsm`, `kv` from part 3B on, and your own `raft` if it is to "
    "run on that",
}


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The content of settings.toml, which explains it."""

    options: list[str]
    lab: Literal[2, 3] = 2
    time_limit_s: float = 540
    hidden_tests: Visibility = "visible"
    leaderboard_trials: int = 0


class Autograder:
    """One submission's grading.

    Args:
        root: the folder with `source`, `submission` and `results`.
    """

    def __init__(self, root: Path) -> None:
        self._source = root / "source"
        self._submission = root / "submission"
        self._grades = root / "grades"
        self._results = root / "results" / "results.json"

    def run(self) -> int:
        """Grade; return 0 unless the autograder itself failed."""
        self._results.parent.mkdir(parents=True, exist_ok=True)
        self._write_message("Grading has begun and has not finished yet.")
        try:
            content = (self._source / "settings.toml").read_bytes()
            # Windows editors may begin a file with a byte order mark.
            content = content.removeprefix(codecs.BOM_UTF8)
            settings = msgspec.toml.decode(content, type=Settings)
        except (OSError, UnicodeDecodeError, msgspec.DecodeError) as exc:
            return self._report_failure(f"settings.toml cannot be used: {exc}")
        # Results of an earlier run would be taken for this one's.
        shutil.rmtree(self._grades, ignore_errors=True)
        try:
            package = PACKAGES[settings.lab][0]
            find_submission(self._submission, self._grades / UNPACKED, package)
        except Refused as exc:
            self._write_message(
                f"Nothing could be graded: no submission was found; {exc}.\n"
                f"Hand in the folder of your repository, {SMALLEST[settings.lab]}."
            )
            return 0
        return self._grade(settings)

    def _grade(self, settings: Settings) -> int:
        command = lab_command("grade", self._submission, "--single")
        command += ["--lab", str(settings.lab), "--out", str(self._grades)]
        command += settings.options
        if (self._source / RUBRIC).is_file():
            command += ["--rubric", str(self._source / RUBRIC)]
        # The parent may ignore SIGINT, and the grader would inherit that.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        grader = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, env=lab_environment()
        )
        deadline = Deadline(settings.time_limit_s)
        while grader.poll() is None and deadline.left_s() > 0:
            _wait(grader, min(POLL_S, max(deadline.left_s(), 0)))
            self._publish(settings)
        note = ""
        if grader.poll() is None:
            note = (
                f"Grading was stopped after {settings.time_limit_s:g} s; tests that had "
                "not run by then have no verdict.\n"
            )
            print(note, flush=True)
            grader.send_signal(signal.SIGINT)
            _wait(grader, STOPPING_S)
            grader.kill()
        status = grader.wait()
        found = self._publish(settings, note)
        if found and not note and settings.leaderboard_trials:
            self._measure(settings, deadline)
        if found and (note or status in GRADED_STATUS):
            return 0
        return self._report_failure(f"the grader ended with exit status {status}")

    def _measure(self, settings: Settings, deadline: Deadline) -> None:
        """Measure the submission in the time that is left, for the leaderboard."""
        if settings.lab != LABS[0]:
            print("leaderboard_trials: there are figures of lab 2 only", flush=True)
            return
        out = self._grades / MEASURED
        command = measure_command(
            self._submission, out, settings.leaderboard_trials, settings.options
        )
        measuring = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, env=lab_environment()
        )
        _wait(measuring, max(deadline.left_s(), 0))
        if measuring.poll() is None:
            print("no time was left to measure the submission", flush=True)
            measuring.send_signal(signal.SIGINT)
            _wait(measuring, STOPPING_S)
            measuring.kill()
        measuring.wait()
        self._publish(settings)

    def _publish(self, settings: Settings, note: str = "") -> bool:
        """Publish the grader's latest results; return whether there are any."""
        files = sorted(self._grades.glob("submissions/*/gradescope.json"))
        if len(files) != 1:
            return False
        results = msgspec.json.decode(files[0].read_bytes(), type=GradescopeResults)
        results.output = note + results.output
        if entries := leaderboard(self._grades / MEASURED):
            results.leaderboard = entries
        for test in results.tests:
            if HIDDEN_SEEDS in test.tags:
                test.visibility = settings.hidden_tests
        write_atomically(self._results, msgspec.json.encode(results))
        return True

    def _report_failure(self, reason: str) -> int:
        """Report that the autograder failed, and why; keep the results there are."""
        print(reason, flush=True)
        if not list(self._grades.glob("submissions/*/gradescope.json")):
            self._write_message(
                "The autograder failed. That is not your fault: please tell the staff, "
                "who can find the reason in its output."
            )
        return 1

    def _write_message(self, output: str) -> None:
        """Write results that have a message, no tests and no points."""
        results = GradescopeResults(score=0, output=output)
        write_atomically(self._results, msgspec.json.encode(results))


def _wait(grader: "subprocess.Popen[bytes]", seconds: float) -> None:
    with suppress(subprocess.TimeoutExpired):
        grader.wait(seconds)


if __name__ == "__main__":
    sys.exit(Autograder(Path(sys.argv[1]).resolve()).run())
