"""A failing run of the suite made minimal: the fewest choices that fail in the same way."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from labrpc.box_factory import BoxFactory
from labrpc.errors import SubmissionError
from tester.search.choices import ChoiceList, Setting
from tester.search.expressed import NOT_IN_CHOICES, express, fails_alike
from tester.search.histories import Histories
from tester.search.rules import Rules
from tester.search.session import quiet_process, replayed
from tester.search.shrink import shrink
from tester.search.transcript import Transcript

# A service is first tried with this part of its limit for the Raft state.
SOONER = 8


class Minimal(NamedTuple):
    """A failing run in choices, as short as it was made.

    Attributes:
        run: the choices, and what holds in their world.
        error: how they fail.
        expressed: how many choices the whole run was expressed in.
        replays: how many lists were tried to shorten it.
        is_whole: whether all were tried, within the budget.
    """

    run: ChoiceList
    error: SubmissionError
    expressed: int
    replays: int
    is_whole: bool


class NotExpressed(NamedTuple):
    """Why there is no list of choices that fails as the run does."""

    why: str


def minimal_list(
    boxes: BoxFactory,
    setting: Setting,
    transcript: Transcript,
    code: str,
    out_of_time: Callable[[], bool],
) -> Minimal | NotExpressed:
    """Express a failing run in choices, and take out all that it can do without.

    Args:
        boxes: makes the servers' boxes.
        setting: what holds in the world; the snapshots' interval is found out.
        transcript: of the run.
        code: how it failed.
        out_of_time: whether the budget is used up.
    """
    if code in NOT_IN_CHOICES:
        return NotExpressed(
            f"`{code}` is found by times or counts, and choices have none"
        )
    seen: list[str] = []
    for world in settings_to_try(setting, transcript):
        with quiet_process():
            histories = Histories(boxes, world)
            try:
                with histories.watched():
                    found = _minimal(histories, transcript, code, out_of_time)
            finally:
                histories.close()
        if isinstance(found, Minimal):
            # In a world of its own, as whoever replays the file sees it.
            _, error, _ = replayed(boxes, found.run)
            if fails_alike(code, error):
                return found
            seen.append("another end in a second replay")
        else:
            seen.append(found.why)
    ends = " or ".join(dict.fromkeys(seen))
    return NotExpressed(
        f"the same events, without their times, came to another end: {ends}"
    )


def settings_to_try(setting: Setting, transcript: Transcript) -> Iterator[Setting]:
    """Yield the settings to try.

    A world has one interval of snapshots, which makes lists short. Where each service had
    its own, or they differ otherwise, the choices say when snapshots are taken. Last comes
    a world of slow services, since the services of the run may have been slow.

    A service of lab 3 decides itself when to take a snapshot. The sooner it does, the fewer
    commands a list needs.
    """
    if setting.clients:
        if setting.max_raft_state:
            limit = max(1, setting.max_raft_state // SOONER)
            yield msgspec.structs.replace(setting, max_raft_state=limit)
        yield setting
        return
    intervals = transcript.snapshot_intervals()
    for interval in [*intervals, 0] if len(intervals) == 1 else [0]:
        yield msgspec.structs.replace(setting, snapshot_interval=interval)
    interval = max(intervals, default=0)
    yield msgspec.structs.replace(
        setting, snapshot_interval=interval, slow_service=True
    )


def _minimal(
    histories: Histories,
    transcript: Transcript,
    code: str,
    out_of_time: Callable[[], bool],
) -> Minimal | NotExpressed:
    rules = Rules(histories, histories.setting)
    choices, error, is_whole = express(rules, transcript, code, out_of_time)
    if not is_whole:
        return NotExpressed("the run is too long for the time that there is")
    if error is None:
        return NotExpressed("it passes")
    if not fails_alike(code, error):
        return NotExpressed(f"it fails by `{error.code.name}`")
    shrunk = shrink(rules, choices, error, out_of_time)
    if shrunk.interrupted:
        raise KeyboardInterrupt
    return Minimal(
        ChoiceList(histories.setting, shrunk.choices),
        shrunk.error,
        len(choices),
        shrunk.replays,
        not shrunk.out_of_time,
    )
