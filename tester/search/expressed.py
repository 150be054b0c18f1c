"""A run of the suite expressed in choices: what happened to it, in the order of choices.

A world that choices drive has no times, and its servers draw other random numbers. So the
result is not the same run, but one with the same events; only trying shows whether it fails
in the same way.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from labrpc.errors import SubmissionError
from tester import codes
from tester.search.call_names import CallName, CallNames
from tester.search.choices import (
    Choice,
    Crash,
    Deliver,
    Duplicate,
    Get,
    Lose,
    Put,
    Recover,
    Setting,
    Snapshot,
    Start,
    TimeOut,
)
from tester.search.judged_run import JudgedRun
from tester.search.rules import Rules
from tester.search.transcript import (
    Called,
    CalledByItself,
    CallEnded,
    Crashed,
    Happened,
    RequestArrived,
    SnapshotTaken,
    Transcript,
)
from tester.search.world_state import Message, call_of

# How many time-outs a server may take until it makes a call that it made in the suite.
TIME_OUTS_MAX = 3
# The codes of servers that come to a stop, and those by which `recover` may find it.
STOPS = {
    codes.NO_LEADER.name: (codes.NO_LEADER,),
    codes.NO_AGREEMENT.name: (codes.NO_AGREEMENT, codes.NO_LEADER),
    codes.NOT_CAUGHT_UP.name: (codes.NO_AGREEMENT,),
    codes.OPERATION_STUCK.name: (codes.OPERATION_STUCK,),
}
# Properties that may be broken a step earlier than these, by the same events.
EARLIER = {
    codes.TWO_LEADERS.name: (codes.TERM_FELL,),
    codes.APPLIED_DIFFERENTLY.name: (codes.LEADER_LACKS_COMMITTED,),
}
# What only times, or the counts of a scenario, can show.
NOT_IN_CHOICES = (
    codes.TERMS_DIFFER.name,
    codes.UNSTABLE_TERM.name,
    codes.TOO_MANY_BYTES.name,
    codes.TOO_MANY_RPCS.name,
    codes.LOG_NOT_CUT.name,
    codes.TEST_TOO_LONG.name,
    codes.CHECK_FAILED.name,
    codes.OPERATIONS_TOO_SLOW.name,
    codes.SNAPSHOT_TOO_LARGE.name,
    codes.SNAPSHOT_UNWANTED.name,
    codes.ANSWERED_WITHOUT_MAJORITY.name,
)


class Expressed(NamedTuple):
    """What came of expressing a run.

    Attributes:
        choices: those that were taken.
        error: what failed; None if nothing did.
        is_whole: whether time was enough for the whole run.
    """

    choices: tuple[Choice, ...]
    error: SubmissionError | None
    is_whole: bool = True


def fails_alike(code: str, error: SubmissionError | None) -> bool:
    """Return whether a list of choices fails as a run of the suite with this code did."""
    if error is None:
        return False
    others = (*STOPS.get(code, ()), *EARLIER.get(code, ()))
    return error.code.name == code or error.code in others


def express(
    rules: Rules,
    transcript: Transcript,
    code: str,
    out_of_time: Callable[[], bool] = lambda: False,
) -> Expressed:
    """Express a run in choices, and take them.

    If its servers came to a stop, what happened after the scenario's last disturbance may
    matter less than that no more was agreed on: first, ordinary time takes its place.

    Args:
        rules: what each choice leads to. If services take no snapshots by themselves,
            the choices say when.
        transcript: of the run.
        code: how the run failed.
        out_of_time: whether to stop with what there is.
    """
    if code not in STOPS:
        return _express(rules, transcript, transcript.happened, (), out_of_time)
    end = Recover(_minority(transcript.cut, rules.setting))
    disturbed = transcript.happened[: transcript.undisturbed]
    run = _express(rules, transcript, disturbed, (end,), out_of_time)
    if not run.is_whole or fails_alike(code, run.error):
        return run
    return _express(rules, transcript, transcript.happened, (end,), out_of_time)


def _express(
    rules: Rules,
    transcript: Transcript,
    all_happened: Sequence[Happened],
    ends: Sequence[Choice],
    out_of_time: Callable[[], bool],
) -> Expressed:
    """Take the choices that express what happened, and those of the end."""
    names = CallNames()
    run = JudgedRun(rules, [names])
    by_choices = not rules.setting.snapshot_interval
    expression = _Expression(run, names, transcript, snapshots=by_choices)
    try:
        run.boot()
        for happened in all_happened:
            if out_of_time():
                return Expressed(tuple(run.choices), None, is_whole=False)
            for choice in expression.choices(happened):
                run.take(choice)
        for choice in ends:
            run.take(choice)
        run.finish()
    except SubmissionError as exc:
        return Expressed(tuple(run.choices), exc)
    return Expressed(tuple(run.choices), None)


def _minority(cut: Sequence[int], setting: Setting) -> tuple[int, ...]:
    """Return the servers that stay cut off, if the others can agree without them."""
    few = 2 * len(cut) < setting.servers and not setting.clients
    return tuple(cut) if few else ()


class _Expression:
    """Finds the choices for what happened, as the run that they drive goes on."""

    def __init__(
        self,
        run: JudgedRun,
        names: CallNames,
        transcript: Transcript,
        snapshots: bool,
    ) -> None:
        self._run = run
        self._snapshots = snapshots
        self._names = names
        self._arrivals = dict(transcript.arrivals)

    def choices(self, happened: Happened) -> Iterator[Choice]:
        """Yield the choices that let something happen, each after the one before."""
        server, dies_after = happened.server, happened.dies_after
        if isinstance(happened, RequestArrived):
            yield from self._arrival(happened)
        elif isinstance(happened, CallEnded):
            yield from self._end_of_call(happened)
        elif isinstance(happened, CalledByItself):
            yield from self._time_outs(happened)
        elif isinstance(happened, SnapshotTaken) and self._snapshots:
            yield Snapshot(server, happened.up_to, dies_after)
        elif isinstance(happened, SnapshotTaken):
            if dies_after is not None:
                yield Crash(server)
        elif isinstance(happened, Crashed):
            yield Crash(server)
        elif isinstance(happened, Called):
            yield self._operation(happened)
        else:
            yield Start(server, dies_after)

    def _operation(self, called: Called) -> Choice:
        client, key = called.server, called.key
        if called.version is None:
            return Get(client, key)
        known = dict(self._run.state.servers[client].versions).get(key, 0)
        # As long as the client puts what it has got, a shorter list may have other versions.
        return Put(client, key, None if called.version == known else called.version)

    def _arrival(self, arrived: RequestArrived) -> Iterator[Choice]:
        request = self._in_flight(arrived.call, reply=False)
        if request is None:
            return
        copies = self._arrivals.pop(arrived.call, 1) - 1
        name = self._run.state.name_of(request)
        for _ in range(copies):
            yield Duplicate(name)
        yield Deliver(name, arrived.dies_after)

    def _end_of_call(self, ended: CallEnded) -> Iterator[Choice]:
        if ended.answered and self._run.state.servers[ended.server].operation:
            yield from self._answer_in_time(ended.call)
        reply = self._in_flight(ended.call, reply=True)
        if reply is not None:
            name = self._run.state.name_of(reply)
            if ended.answered or reply.data is None:
                yield Deliver(name, ended.dies_after)
            else:
                yield Lose(name)
            return
        request = self._in_flight(ended.call, reply=False)
        if request is not None and not ended.answered:
            yield Lose(self._run.state.name_of(request))

    def _answer_in_time(self, call: CallName) -> Iterator[Choice]:
        """Yield time-outs until a server has answered a client's request that waits in it.

        Some servers see only after a while that they no longer lead.
        """
        for _ in range(TIME_OUTS_MAX):
            number = self._names.number(call)
            made = call.src, call.incarnation, number
            waits = any(call_of(r.message) == made for r in self._run.state.open)
            if not waits or self._in_flight(call, reply=True):
                return
            yield TimeOut(call.dst)

    def _time_outs(self, made: CalledByItself) -> Iterator[Choice]:
        """Yield time-outs until the server has made the calls that it made by itself.

        It may have made them already: what a server does shortly after a step belongs to
        that step.
        """
        for _ in range(TIME_OUTS_MAX):
            missing = [c for c in made.calls if self._names.number(c) is None]
            if not missing:
                return
            yield TimeOut(made.server, made.dies_after)

    def _in_flight(self, call: CallName, reply: bool) -> Message | None:
        number = self._names.number(call)
        for message in self._run.state.in_flight:
            made = call.src, call.incarnation, number
            if message.reply == reply and call_of(message) == made:
                return message
        return None
