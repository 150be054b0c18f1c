"""Validation of a box's answer beyond its types: whether a box can have given it.

The submission shares its process with the lab's own code there, so it can make
that process say anything. What would deceive or flood the judge is refused here,
as the submission's failure.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from labrpc import codes
from labrpc.box.reports import LOG_LINES_MAX
from labrpc.clock import SECOND
from labrpc.contract import ApplyMsg
from labrpc.errors import (
    EVIDENCE_CHARS_MAX,
    HEADLINE_CHARS_MAX,
    WARNINGS_MAX,
    SubmissionError,
)
from labrpc.isolated.value_codec import unpack_all
from labrpc.simulated.output import LINE_CHARS_MAX
from labrpc.submission.entry import SERVER_PARAMETERS
from labrpc.world.events import (
    Action,
    Apply,
    Call,
    Crash,
    Event,
    Log,
    Persist,
    Ready,
    Reply,
    Request,
    Result,
    Warn,
)

ACTIONS_MAX = 100_000
# Each wait of a server's takes some virtual time, so this cannot come about.
STEPS_AT_ONCE_MAX = 100_000
LOG_CHARS_MAX = 8 << 20
# What a server may send and save, at first and in each second of virtual time; the
# judge holds it all until it is delivered. An ordinary run takes a few MB.
BURST_BYTES_MAX = 64 << 20
SECOND_BYTES_MAX = 16 << 20
METHOD_CHARS_MAX = 200
# No command is deeper, and printing one would fail.
NESTING_MAX = 100
_LINE_CHARS_MAX = LINE_CHARS_MAX + 100
_TOO_MUCH = "… (no more is recorded)"
_FIELDS = len(ApplyMsg.__dataclass_fields__)


class ForgedError(SubmissionError):
    """A server's process has said what no server says."""

    def __init__(self, server: int, what: str) -> None:
        super().__init__(
            codes.FORGED_MESSAGE,
            f"server {server}: its process {what}",
            "code that keeps to the contract cannot cause this: the submission reaches "
            "past the lab's objects into the process that runs it",
        )


class BoxOutput:
    """Checks what one box says it did.

    Args:
        server: its number.
        parameters: what it got from the lab, as an `Entry` has it.
    """

    def __init__(
        self, server: int, parameters: tuple[str, ...] = SERVER_PARAMETERS
    ) -> None:
        self._server = server
        self._ready = False
        self._requests: set[int] = set()
        self._warnings = 0
        self._log_lines = 0
        self._log_chars = 0
        self._bytes = 0
        self._since_ns = -1
        self._at_ns = -1
        self._steps_at_once = 0
        self._checks: dict[type, Callable[[Any], Action]] = {
            Call: self._call,
            Reply: self._reply,
            Persist: self._persist,
            Ready: self._once_ready,
            Log: self._log,
            Warn: self._warn,
            Crash: self._crash,
            Apply: self._apply,
            Result: self._result,
        }
        # A client has neither, and nobody would look after what it puts there.
        for kind, name in ((Apply, "apply_ch"), (Persist, "persister")):
            if name not in parameters:
                self._checks[kind] = partial(self._refuse_use_of, name)

    def expect(self, now_ns: int, event: Event) -> None:
        """Note what is delivered to the box.

        Raises:
            ForgedError: time stands still for it.
        """
        if type(event) is Request:
            self._requests.add(event.request_id)
        if self._since_ns < 0:
            self._since_ns = now_ns
        if now_ns > self._at_ns:
            self._at_ns, self._steps_at_once = now_ns, 0
        self._steps_at_once += 1
        if self._steps_at_once > STEPS_AT_ONCE_MAX:
            raise ForgedError(
                self._server, "asks to be woken again and again though no time passes"
            )

    def checked(self, actions: list[Action]) -> list[Action]:
        """Return what a box may have done, texts cut to a bearable length.

        Raises:
            ForgedError: no box does this.
        """
        if len(actions) > ACTIONS_MAX:
            raise SubmissionError(
                codes.STEP_TOO_LARGE,
                f"server {self._server}: its process reports {len(actions)} actions in "
                "one step of its threads",
                f"{ACTIONS_MAX} are possible: some loop sends, saves, prints or applies "
                "without waiting",
            )
        checks = self._checks
        for index, action in enumerate(actions):
            check = checks.get(type(action))
            if check is not None:
                actions[index] = check(action)
        return actions

    def _refuse_use_of(self, name: str, action: Action) -> Action:
        raise ForgedError(self._server, f"uses {name}, which it was not given")

    def _reply(self, reply: Reply) -> Action:
        if reply.request_id not in self._requests:
            raise ForgedError(
                self._server, "answers an RPC that it was not sent, or answers it twice"
            )
        self._requests.discard(reply.request_id)
        self._count_bytes(len(reply.data))
        return reply

    def _call(self, call: Call) -> Action:
        if len(call.method) > METHOD_CHARS_MAX:
            raise SubmissionError(
                codes.LONG_METHOD_NAME,
                f"server {self._server}: it calls a method whose name has "
                f"{len(call.method)} characters",
                "pass data in the RPC's argument, whose bytes are counted",
            )
        self._count_bytes(len(call.method) + len(call.data))
        return call

    def _persist(self, persist: Persist) -> Action:
        self._count_bytes(len(persist.raft_state) + len(persist.snapshot))
        return persist

    def _count_bytes(self, count: int) -> None:
        self._bytes += count
        if self._bytes <= BURST_BYTES_MAX:
            return
        seconds = (self._at_ns - self._since_ns) / SECOND
        if self._bytes > BURST_BYTES_MAX + SECOND_BYTES_MAX * seconds:
            raise SubmissionError(
                codes.TOO_MUCH_TRAFFIC,
                f"server {self._server}: it has sent and saved {self._bytes >> 20} MB "
                f"in {seconds:.1f} virtual seconds",
                f"it may send and save {BURST_BYTES_MAX >> 20} MB, and "
                f"{SECOND_BYTES_MAX >> 20} MB more in each second: send only what a "
                "follower lacks, and save less often",
            )

    def _once_ready(self, ready: Ready) -> Action:
        if self._ready:
            raise ForgedError(self._server, "reports twice that it was constructed")
        self._ready = True
        return ready

    def _apply(self, apply: Apply) -> Action:
        if len(apply.message) != _FIELDS:
            raise ForgedError(self._server, "applies something that is not an ApplyMsg")
        message = self._plain(apply.message)
        return apply if message is apply.message else Apply(apply.put_id, message)

    def _result(self, result: Result) -> Action:
        (value,) = self._plain((result.value,))
        return result if value is result.value else Result(result.invoke_id, value)

    def _plain(self, packed: tuple[Any, ...]) -> tuple[Any, ...]:
        for value in packed:
            if type(value) is list and _is_deep(value):
                raise ForgedError(
                    self._server, f"sends a value nested more than {NESTING_MAX} deep"
                )
        try:
            return unpack_all(packed)
        except (ValueError, RecursionError) as exc:
            raise ForgedError(self._server, f"sends {exc}") from None

    def _log(self, log: Log) -> Action:
        self._log_lines += 1
        if self._log_lines > LOG_LINES_MAX:
            raise ForgedError(self._server, "goes on logging after its log was full")
        # A box logs each line by itself.
        line = log.line[:_LINE_CHARS_MAX].replace("\n", " ")
        self._log_chars += len(line)
        line = line if self._log_chars <= LOG_CHARS_MAX else _TOO_MUCH
        return Log(log.time_ns, line, log.annotates)

    def _warn(self, warn: Warn) -> Action:
        self._warnings += 1
        many = self._warnings > WARNINGS_MAX
        return Warn(
            codes.warning_of_box(warn.code).name,
            _TOO_MUCH if many else warn.text[:HEADLINE_CHARS_MAX],
        )

    def _crash(self, crash: Crash) -> Action:
        return Crash(
            codes.failure_of_box(crash.code).name,
            crash.headline[:HEADLINE_CHARS_MAX],
            crash.evidence[:EVIDENCE_CHARS_MAX],
        )


def _is_deep(packed: list[Any]) -> bool:
    """Return whether a packed value has too many levels for a recursion."""
    level = packed
    for _ in range(NESTING_MAX):
        level = [item for part in level if type(part) is list for item in part]
        if not level:
            return False
    return True
