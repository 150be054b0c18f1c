"""The judge's handle on the zygote: a `BoxFactory` whose boxes are processes.

Start one per submission, and use it for any number of runs.
"""

import os
import signal
from collections.abc import Collection
from contextlib import suppress

from labrpc import codes
from labrpc.errors import LabError, LoadError, SubmissionError
from labrpc.isolated.box_main import pack_stream, stream_names
from labrpc.isolated.messages import (
    Await,
    Begin,
    Ended,
    Fork,
    Forked,
    FromZygote,
    Learn,
    Prepare,
    Prepared,
    encode,
)
from labrpc.isolated.process_box import ProcessBox
from labrpc.isolated.run_limits import RunLimits
from labrpc.isolated.support import missing
from labrpc.isolated.warmup import warmup_submission
from labrpc.isolated.zygote_link import (
    REQUEST_BYTES_MAX,
    Trouble,
    ZygoteError,
    ZygoteLink,
)
from labrpc.sandbox.measure import Measure
from labrpc.submission.entry import Entry
from labrpc.submission.native_hang import stuck_call
from labrpc.submission.submission import Submission
from labrpc.world.events import Boot
from labrpc.world.streams import incarnation_streams

# Compiling a submission takes a fraction of a second.
COMPILE_CPU_S_MAX = 20.0
# What the boxes' dataclasses are made of takes some milliseconds, and some 10 KB.
LEARN_CPU_S_MAX = 2.0
LEARN_BYTES_MAX = 1 << 18


class Zygote:
    """Makes boxes of one submission, each a process in the sandbox.

    Args:
        require_sandbox: whether to raise LabError where a layer is missing.
        without: layers of the sandbox to leave out, for a test.

    Attributes:
        submission: what every box runs.
        preempt: whether its threads may lose their turn between two statements.
        measures: which layers of the sandbox are in force, once it has started.

    Raises:
        LoadError: it cannot make boxes, for the submission's sake.
        LabError: it cannot make boxes.
    """

    def __init__(
        self,
        submission: Submission,
        preempt: bool = False,
        require_sandbox: bool = False,
        without: Collection[str] = (),
    ) -> None:
        if missing():
            raise LabError(missing())
        self.submission = submission
        self.preempt = preempt
        self.measures: list[Measure] = []
        self._boxes: dict[int, ProcessBox] = {}
        self._require_sandbox = require_sandbox
        self._without = sorted(without)
        self._start()

    def _start(self) -> None:
        """Start the process, and wait until it can make boxes."""
        self._start_process()
        try:
            self._learn(self._texts_of_a_box())
        except BaseException:  # Ctrl-C, too.
            self.close()
            raise

    def _learn(self, texts: list[str]) -> None:
        """Let the zygote compile what each box would otherwise compile."""
        learn = Learn(texts)
        if not texts or len(encode(learn)) > LEARN_BYTES_MAX:
            return
        try:
            self._link.ask(learn, cpu_s_max=LEARN_CPU_S_MAX)
        except ZygoteError:
            # No dataclass is made of such texts. Each box will see to its own.
            self.close()
            self._start_process()

    def _start_process(self) -> None:
        self._link = ZygoteLink()
        self._limits = RunLimits(self._link.pid)
        try:
            answer, _ = self._link.ask(self._prepare(), cpu_s_max=COMPILE_CPU_S_MAX)
        except ZygoteError as exc:
            self.close()
            raise self._not_prepared(exc) from None
        except BaseException:  # Ctrl-C, too.
            self.close()
            raise
        assert isinstance(answer, Prepared)
        self.measures = answer.measures
        lacking = [layer.name for layer in self.measures if not layer.in_force]
        if lacking and self._require_sandbox:
            self.close()
            raise LabError(f"the sandbox lacks {', '.join(lacking)} on this machine")

    def _prepare(self) -> Prepare:
        found = self.submission
        return Prepare(
            str(found.path),
            str(found.root),
            found.package,
            found.class_name,
            {name: str(file) if file else None for name, file in found.files.items()},
            self.preempt,
            self._without,
        )

    def _not_prepared(self, exc: ZygoteError) -> Exception:
        """Return the error that says why the submission could not be compiled."""
        if exc.trouble is Trouble.TOO_LONG:
            return LoadError(
                codes.LONG_FILE_NAMES,
                "the names of the submission's files are too long in total",
                f"at most {REQUEST_BYTES_MAX >> 20} MB can be handed to the sandbox: "
                "use fewer folders within folders",
            )
        if exc.trouble is Trouble.IDLE:
            return LoadError(
                codes.SLOW_TO_COMPILE, f"compiling the submission did not finish: {exc}"
            )
        if exc.trouble is Trouble.SLOW:
            return LoadError(
                codes.SLOW_TO_COMPILE,
                f"compiling the submission used {COMPILE_CPU_S_MAX:.0f} s of CPU "
                "time and did not finish",
            )
        # By SIGKILL the kernel ends what takes the last memory, whoever's fault it is.
        unclear = exc.signal in (None, signal.SIGKILL)
        if unclear and not self._can_compile_another():
            return LabError(str(exc))
        how = f"crashed with {exc.signal.name}" if exc.signal else "broke"
        return LoadError(
            codes.COMPILER_DIED, f"Python {how} while it compiled the submission"
        )

    def _can_compile_another(self) -> bool:
        """Return whether a zygote can be had at all on this machine."""
        lab_s_own = warmup_submission()
        if self.submission.path == lab_s_own.path:
            return False
        try:
            Zygote(lab_s_own, without=self._without).close()
        except (LabError, LoadError):
            return False
        return True

    def _texts_of_a_box(self) -> list[str]:
        """Return what a box has to compile when it starts, as every box has.

        A box of no run says so: what it forges, it forges without having met a seed,
        a test or another server.
        """
        texts: list[str] = []
        with suppress(SubmissionError, LabError):
            box = self.box(0, 0, "no run")
            try:
                box.step(0, Boot(1, b"", b""))
                texts = box.texts()
            finally:
                box.crash()
        return texts

    # What a box factory does.

    @property
    def cpu_s(self) -> float:
        """CPU seconds that the zygote and its boxes have used so far."""
        return self._limits.cpu_s

    @property
    def idle_s(self) -> float:
        """Seconds of the run in which neither judge nor zygote nor box was active."""
        return self._limits.idle_s

    def begin_run(self) -> None:
        """Forget what earlier runs have used up, and begin anew if one has died."""
        if self._link.has_ended:
            self.close()
            self._start()
        self._limits.begin()

    def box(
        self, server: int, incarnation: int, seed: str, entry: Entry | None = None
    ) -> ProcessBox:
        """Fork the box of one incarnation, in the run with this seed.

        Raises:
            LabError: no process could be made.
            SubmissionError: none could, since the others take all the memory.
        """
        streams = incarnation_streams(seed, server, incarnation)
        states = {n: pack_stream(streams(n)) for n in stream_names(self.preempt)}
        their_read, our_write = os.pipe()
        our_read, their_write = os.pipe()
        try:
            answer, fds = self._ask(Fork(), their_read, their_write)
        except BaseException:
            os.close(our_read)
            os.close(our_write)
            raise
        finally:
            os.close(their_read)
            os.close(their_write)
        assert isinstance(answer, Forked)
        for fd in (our_read, our_write):
            os.set_blocking(fd, False)
        self._limits.add(answer.pid)
        begin = Begin(server, incarnation, states, entry)
        box = ProcessBox(self, begin, answer.pid, fds[0], our_read, our_write)
        self._boxes[answer.pid] = box
        return box

    def close(self) -> None:
        """End the zygote and every box."""
        for box in list(self._boxes.values()):
            box.crash()
        self._link.close()

    # What a box asks for.

    def look_if_due(self) -> None:
        """End the run if it has taken too much, and nobody has looked for a moment.

        Raises:
            SubmissionError: it has.
        """
        self._limits.look_if_due()

    def note_end(self, pid: int) -> None:
        """Count what a box has used that is about to be killed."""
        if self._boxes.pop(pid, None) is not None:
            self._limits.end(pid)

    def await_end(self, pid: int) -> Ended:
        """Return how a box has ended, once it has."""
        answer, _ = self._ask(Await(pid))
        assert isinstance(answer, Ended)
        return answer

    def check_memory(self, ended_bytes_max: int) -> None:
        """End the run if its servers had too much memory when one of them was killed.

        Raises:
            SubmissionError: they had.
        """
        self._limits.check_memory(ended_bytes_max)

    def stuck_call(self, stack: bytes) -> tuple[str, str]:
        """Return reason and evidence for a call into C that did not return."""
        return stuck_call(stack.decode(errors="replace"), self.submission)

    def _ask(self, message: Fork | Await, *fds: int) -> tuple[FromZygote, list[int]]:
        try:
            return self._link.ask(message, *fds)
        except ZygoteError as exc:
            # Where memory was short, the kernel may have chosen it instead of a box.
            self._limits.check_memory()
            raise LabError(str(exc)) from None


def sandbox_measures() -> list[Measure]:
    """Return which layers of the sandbox are in force on this machine.

    Raises:
        LabError: there can be no isolation here.
    """
    zygote = Zygote(warmup_submission())
    zygote.close()
    return zygote.measures
