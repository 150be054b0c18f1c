"""A story of a server that catches up with its leader, when one message goes wrong.

What a leader knows of a follower changes with each answer. So each of the few messages
that bring a server up to date is one that may be lost, late or repeated, or the last
that its receiver gets.
"""

from typing import NamedTuple

from tester.search.choices import (
    Crash,
    Cut,
    Deliver,
    Lose,
    Snapshot,
    TimeOut,
)
from tester.search.episode_run import EpisodeRun, deliver_twice
from tester.search.episodes import propose, reconnect, spread
from tester.search.world_state import Message

FATES_WITHOUT_CRASH = ("lost", "late", "twice")
FATES = (*FATES_WITHOUT_CRASH, "dies", "crashes")
# How many messages arrive at most until there is one of a method that is new.
NEW_KIND_AFTER_MAX = 12


class CatchingUp(NamedTuple):
    """How a server catches up.

    Attributes:
        server: the server.
        leader: its leader.
        commands: how many commands it has missed.
        compacts: whether the leader's service takes a snapshot of these.
        compacts_again: whether it takes the last of these into another snapshot, before
            the message that goes wrong.
        after: how many messages between the two arrive before the one that goes wrong; None
            to let it be the first call of a method that has not been called before.
        fate: what becomes of that one, or of its receiver: one of `FATES`.
        follows: whether the leader gets a command afterwards.
        recovers: whether servers are to recover then: another leader would find out anew what
            each of them lacks.
    """

    server: int
    leader: int
    commands: int
    compacts: bool
    compacts_again: bool
    after: int | None
    fate: str
    follows: bool
    recovers: bool = False


def catch_up(story: CatchingUp, run: EpisodeRun) -> None:
    """Let a server miss commands, and one message go wrong that is to bring them."""
    server, leader = story.server, story.leader
    spare = int(story.compacts_again) if story.compacts else None
    applied = fall_behind_snapshot(server, leader, story.commands, spare, run)
    run.take(TimeOut(leader))
    known = _methods_arrived(run) if story.after is None else set()
    for _ in range(NEW_KIND_AFTER_MAX if story.after is None else story.after):
        message = _next_between(story, run)
        if message is None or (known and message.name.method not in known):
            break
        run.take(_arrival(message, run))
    if story.compacts_again:
        run.take(Snapshot(leader, applied))
    message = _next_between(story, run)
    if message is not None:
        _go_wrong(message, story.fate, run)
    run.settle()
    if story.follows:
        propose(leader, run)
    if story.recovers:
        run.recovers = True
        return
    run.release()


def fall_behind_snapshot(
    server: int, leader: int, commands: int, spare: int | None, run: EpisodeRun
) -> int:
    """Let a server miss commands that its leader then takes into a snapshot.

    Args:
        server: the server.
        leader: its leader.
        commands: how many it misses.
        spare: how many commands are not in the snapshot; None for no snapshot.
        run: the episode's.

    Returns how many commands the leader has applied.
    """
    run.take(Cut(server))
    for _ in range(commands):
        propose(leader, run)
    spread(leader, run)
    applied = len(run.state.servers[leader].applied)
    if spare is not None:
        run.take(Snapshot(leader, applied - spare))
        run.settle()
    reconnect(server, run)
    return applied


def _methods_arrived(run: EpisodeRun) -> set[str]:
    """Return the methods of the requests that have arrived so far."""
    return {c.message.method for c in run.node.path() if isinstance(c, Deliver)}


def _next_between(story: CatchingUp, run: EpisodeRun) -> Message | None:
    """Return the oldest message between the two servers, if need be of a new heartbeat."""
    both = {story.server, story.leader}
    if not any({m.src, m.dst} == both for m in run.ready()):
        run.take(TimeOut(story.leader))
    return next((m for m in run.ready() if {m.src, m.dst} == both), None)


def _arrival(
    message: Message, run: EpisodeRun, dies_after: int | None = None
) -> Deliver:
    return Deliver(run.state.name_of(message), dies_after)


def _go_wrong(message: Message, fate: str, run: EpisodeRun) -> None:
    name = run.state.name_of(message)
    if fate == "lost":
        run.take(Lose(name))
    elif fate == "late":
        run.hold_back(message)
    elif fate == "twice":
        deliver_twice(message, run)
    elif fate == "dies":
        run.take(_arrival(message, run, dies_after=1))
    else:
        run.take(_arrival(message, run), Crash(message.dst))
