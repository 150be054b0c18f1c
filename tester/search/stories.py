"""Stories: sequences of episodes that build on each other.

Drawn one by one, they would hardly ever follow on each other: two candidates of one term
whose voters restart in between; a leader that is left with a minority, deposed, and elected
again; a message that is late while something else happens.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tester.search.choices import (
    Crash,
    Cut,
    Deliver,
    Heal,
    Lose,
    Snapshot,
    Start,
    TimeOut,
)
from tester.search.disturbances import Disturbances, Pair, pair, pairs_across
from tester.search.episode_run import Episode, EpisodeRun, arrive_answered
from tester.search.episodes import (
    act_apart,
    elect,
    heal,
    propose,
    spread,
    stand,
    wait_in_vain,
)


def disturbances_of(run: EpisodeRun) -> Disturbances:
    """Return what goes wrong in an episode's run."""
    assert run.disturbances is not None
    return run.disturbances


def part(side: Iterable[int], run: EpisodeRun) -> None:
    """Part servers from the others, until others are parted; from none: join all."""
    blocked = pairs_across(side, len(run.state.servers))
    disturbances_of(run).blocked = blocked
    run.settle()


def snapshot(choice: Snapshot, run: EpisodeRun) -> None:
    """Let a server's service take a snapshot."""
    run.take(choice)
    run.settle()


class Rivals(NamedTuple):
    """How two servers stand for election that do not hear of each other.

    Attributes:
        first: the first one.
        second: the second one, of the same term if both were in the same.
        crashed: who crashes in between.
        dies_after: after how many actions each of these dies already when the first one's
            request arrives; None if it lives on until then.
        alone: how often time passes for the first one, while it is cut off, before what
            the second one asks reaches it.
        at_once: whether both stand at one moment. Who hears a leader, or has just heard
            one, may help no other to stand (PreVote).
        informed: a voter, a leader perhaps, that learns of the later term from the first
            one's reply to it, before it is asked for its vote; None for nobody.
    """

    first: int
    second: int
    crashed: Sequence[int]
    dies_after: int | None
    alone: int
    at_once: bool
    informed: int | None = None


def rival(story: Rivals, run: EpisodeRun) -> None:
    """Let two servers stand for election that do not hear of each other."""
    first, second = story.first, story.second
    disturbances = disturbances_of(run)
    before = disturbances.blocked
    informed = story.informed
    if informed is not None and not run.state.servers[informed].leads:
        # It stands for election to ask them, and is to remain behind.
        wait_in_vain([first, second], run)
    stand([first, second] if story.at_once else [first], run, answered=[first])
    disturbances.blocked = before | pairs_across([second], len(run.state.servers))
    if informed is not None:
        run.take(TimeOut(informed))
        for message in run.sent(informed):
            if message.dst == first:
                arrive_answered(message, run)
    if story.dies_after is not None:
        for message in run.sent(first):
            if message.dst in story.crashed:
                run.take(Deliver(run.state.name_of(message), story.dies_after))
    run.settle()
    if story.dies_after is None:
        run.take(*map(Crash, story.crashed))
    disturbances.blocked = before | {pair(first, second)}
    run.settle()
    if not story.at_once:
        stand([second], run)
        run.settle()
    if story.alone:
        run.take(Cut(first), *[TimeOut(first)] * story.alone)
        run.take(*[Lose(m.name) for m in run.state.in_flight if m.src == first])
        run.take(Heal(first))
        disturbances.blocked = before
        run.settle()
    disturbances.blocked = before


def rivals_meet(first: int, second: int, ahead: int, run: EpisodeRun) -> None:
    """Let two servers stand at one moment, and hear of each other before the others do.

    Args:
        first: the first one.
        second: the second one, of the same term if both were in the same.
        ahead: by how many terms the first one gets ahead before.
        run: the episode's.
    """
    wait_in_vain([first] * ahead, run)
    stand([first, second], run)
    rivals = {first, second}
    for message in run.ready():
        if {message.src, message.dst} != rivals:
            run.hold_back(message)
    run.settle()
    run.release()


def fall_behind(
    server: int, leader: int, commands: int, stands: bool, run: EpisodeRun
) -> None:
    """Let a server miss what a leader commits, and hear it, or stand for election.

    Args:
        server: the server.
        leader: the leader.
        commands: how many commands it misses.
        stands: whether it stands for election then.
        run: the episode's.
    """
    run.take(Cut(server))
    for _ in range(commands):
        propose(leader, run)
    spread(leader, run)
    heal(server, run)
    if stands:
        elect(server, run)
        return
    spread(leader, run)


class Overtaking(NamedTuple):
    """How a leader is overtaken that is parted from the others with few.

    Attributes:
        leader: the leader.
        side: the leader, and whom it still reaches.
        other: who is elected by the others.
        before: how many commands the leader is given.
        after: how many the other one is given.
        late: which messages between the leader and its side are late: "late" for some,
            "late reply" for all replies, "" for none.
        again: whether the leader stands for election again, and is given a command.
        only: who alone gets that command; None for all.
        then: what only a bare majority gets from the other one afterwards; None for
            nothing.
    """

    leader: int
    side: Sequence[int]
    other: int
    before: int
    after: int
    late: str = ""
    again: bool = False
    only: int | None = None
    then: "BareMajority | None" = None


def overtake(story: Overtaking, run: EpisodeRun) -> None:
    """Part a leader with few from the others, who elect another; then join them."""
    disturbances = disturbances_of(run)
    disturbances.blocked = pairs_across(story.side, len(run.state.servers))
    if story.late and len(story.side) > 1:
        disturbances.trouble = pair(*story.side[:2]), story.late
    propose(story.leader, run, story.before)
    spread(story.leader, run)
    disturbances.trouble = None
    elect(story.other, run)
    if story.after:
        propose(story.other, run, story.after)
    disturbances.blocked = frozenset()
    run.settle()
    spread(story.other, run)
    if story.then is not None:
        bare_majority(story.then, run)
        return
    if not story.again:
        return
    elect(story.leader, run)
    if story.only is None:
        propose(story.leader, run)
    else:
        act_apart(Start(story.leader), story.only, "only", run)
    run.release()


class BareMajority(NamedTuple):
    """What only a bare majority gets, and who stands for election then.

    Attributes:
        leader: the leader.
        takers: who gets the leader's commands beside it.
        candidate: who stands for election when the leader is cut off: one that does not, or
            one that does and may have lost it.
        commands: how many commands there are, at least one.
        dies_after: after how many actions each taker dies that gets the first command;
            None if it lives on.
        crashes: whether the takers crash before the election.
        compacts: whether the leader's service takes a snapshot of what it has applied.
    """

    leader: int
    takers: Sequence[int]
    candidate: int
    commands: int
    dies_after: int | None = None
    crashes: bool = False
    compacts: bool = False


def bare_majority(story: BareMajority, run: EpisodeRun) -> None:
    """Let a bare majority take commands, and one of the others stand for election.

    If the commands are committed, it must not win.
    """
    disturbances = disturbances_of(run)
    leader = story.leader
    disturbances.blocked = pairs_across([leader, *story.takers], len(run.state.servers))
    if story.dies_after is not None:
        run.take(Start(leader))
        for message in run.sent(leader):
            if message.dst in story.takers:
                run.take(Deliver(run.state.name_of(message), story.dies_after))
        run.settle()
    propose(leader, run, story.commands)
    spread(leader, run)
    if story.compacts:
        compact(leader, run)
    if story.crashes:
        run.take(*map(Crash, story.takers))
    run.take(Cut(leader))
    disturbances.blocked = frozenset()
    elect(story.candidate, run)
    propose(story.candidate, run)
    spread(story.candidate, run)


def compact(server: int, run: EpisodeRun) -> None:
    """Let a server's service take a snapshot of all that it has applied."""
    run.take(Snapshot(server, len(run.state.servers[server].applied)))
    run.settle()


def troubled(
    episode: Episode, link: Pair, kind: str, meanwhile: Episode, run: EpisodeRun
) -> None:
    """Let an episode happen while messages between two servers are in trouble.

    Args:
        episode: the episode.
        link: the two servers.
        kind: what happens to about half of the messages.
        meanwhile: what happens until those arrive that are late.
        run: the episode's.
    """
    disturbances = disturbances_of(run)
    disturbances.trouble = link, kind
    episode(run)
    disturbances.trouble = None
    meanwhile(run)
    run.release()
