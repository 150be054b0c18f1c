"""Stories of messages that are late when servers have become more or less than they knew.

A leader knows of its followers what their answers said, and some of these are late: when
it commits, compacts its log or is deposed, one of them may have more than it knows, another
may be about to get what is long outdated. Whatever is under way when servers are elected,
or followers brought up to date, can be interrupted.
"""

from collections.abc import Sequence
from typing import NamedTuple

from tester.search.choices import Cut, Heal, Start, TimeOut
from tester.search.disturbances import pairs_across
from tester.search.episode_run import (
    DELIVERIES_MAX,
    EpisodeRun,
    arrive,
    hold_back,
    lose,
)
from tester.search.episodes import act_apart, elect, heal, propose, spread
from tester.search.stories import compact, disturbances_of
from tester.search.world_state import Message


class Progress(NamedTuple):
    """What a follower has got when the leader compacts its log.

    Attributes:
        waves: how many waves of messages, of those that the leader has sent by then.
        answers: whether the leader gets its answers.
    """

    waves: int
    answers: bool


class Uneven(NamedTuple):
    """How followers of one leader progress unevenly.

    Attributes:
        leader: the leader.
        waves: how many commands the leader is given, at one moment, before each wave of
            its messages.
        progress: of each other server.
        follower: who alone hears of the leader after that.
        compacts: whether the leader's service takes a snapshot of what it has applied.
        late: what becomes of messages between the two that were late: they arrive "before"
            those that the leader sends then or "after", or "at last", when it leads again,
            or they are "lost"; or they are "swapped": what the leader sends then arrives
            when the follower has got all that was sent before and after it.
        candidate: who stands for election when the leader is cut off.
    """

    leader: int
    waves: Sequence[int]
    progress: dict[int, Progress]
    follower: int
    compacts: bool
    late: str
    candidate: int


def uneven(story: Uneven, run: EpisodeRun) -> None:
    """Let a leader compact its log while its followers have got more or less of it."""
    leader, follower = story.leader, story.follower
    before = _send_waves(story, run)
    if story.compacts:
        compact(leader, run)
    run.take(TimeOut(leader))
    newest = run.sent(leader) if story.late == "swapped" else []
    hold_back(newest, run)
    between = [m for m in before if follower in (m.src, m.dst)]
    fates = {"before": arrive, "swapped": arrive, "lost": lose}
    late = fates.get(story.late, hold_back)
    servers = range(len(run.state.servers))
    others = [s for s in servers if s not in (leader, follower)]
    disturbances_of(run).blocked = pairs_across(others, len(servers))
    late(between, run)
    run.settle()
    if story.late == "after":
        arrive(between, run)
        run.settle()
    spread(leader, run)
    if story.late == "swapped":
        propose(leader, run)
        spread(leader, run)
        arrive(newest, run)
        run.settle()
    run.take(Cut(leader))
    disturbances_of(run).blocked = frozenset()
    elect(story.candidate, run)
    propose(story.candidate, run)
    spread(story.candidate, run)
    if story.late == "at last":
        run.take(Heal(leader))
        run.settle()
        elect(leader, run)
        act_apart(Start(leader), story.candidate, "only", run)
        arrive(between, run)
        run.settle()


class Interruption(NamedTuple):
    """How one server's leadership is interrupted, and another's as well.

    Attributes:
        server: who stands for election, and is given a command.
        lagging: who has missed the latest command before; None for nobody.
        arriving: how many messages arrive before the interruption.
        is_cut: whether the server is cut off then.
        successor: who stands for election then.
        is_unheard: whether nobody has heard of its leadership when the messages arrive
            that were under way at the interruption, and what the others send on them.
        is_lost: whether those never arrive.
        last: who stands for election in the end.
    """

    server: int
    lagging: int | None
    arriving: int
    is_cut: bool
    successor: int
    is_unheard: bool
    is_lost: bool
    last: int


def interrupt(story: Interruption, run: EpisodeRun) -> None:
    """Let another server stand for election at any moment while one takes over."""
    server = story.server
    if story.lagging is not None:
        _miss_one(story.lagging, run)
    run.arriving = story.arriving
    elect(server, run)
    propose(server, run)
    late = _under_way(run)
    hold_back(late, run)
    if story.is_cut:
        run.take(Cut(server))
    run.arriving = None
    if story.is_unheard:
        _elect_unheard(story.successor, run)
    else:
        elect(story.successor, run)
    run.take(Heal(server))
    if story.is_lost:
        lose(late, run)
    disturbances = disturbances_of(run)
    disturbances.blocked = pairs_across([story.successor], len(run.state.servers))
    arrive(late, run)
    run.settle()
    disturbances.blocked = frozenset()
    propose(story.successor, run)
    elect(story.last, run)
    propose(story.last, run)
    spread(story.last, run)


def _elect_unheard(server: int, run: EpisodeRun) -> None:
    """Let a server stand for election until it leads, if it does, and nothing more."""
    run.take(TimeOut(server))
    for _ in range(DELIVERIES_MAX):
        if run.state.leads_latest(server) or not run.settle_one():
            return


def _under_way(run: EpisodeRun) -> list[Message]:
    """Return the messages that can arrive and are not late, those of each server together."""
    return [m for src in range(len(run.state.servers)) for m in run.sent(src)]


def _miss_one(server: int, run: EpisodeRun) -> None:
    """Let a server miss a command of the leader that it can be brought up to."""
    leader = next((s.server for s in run.state.servers if s.leads), None)
    if leader is not None:
        run.take(Cut(server))
        propose(leader, run)
        heal(server, run)


def _send_waves(story: Uneven, run: EpisodeRun) -> list[Message]:
    """Let each follower get its share of the messages; return those that are late."""
    leader = story.leader
    waves = []
    for commands in story.waves:
        run.take(*[Start(leader)] * commands, TimeOut(leader))
        waves.append(run.sent(leader))
        hold_back(waves[-1], run)
    late = [message for wave in waves for message in wave]
    for server, progress in story.progress.items():
        for wave in waves[: progress.waves]:
            mine = [m for m in wave if m.dst == server and m in run.state.in_flight]
            arrive(mine, run)
            answers = [m for m in run.sent(server) if m.dst == leader]
            if progress.answers:
                arrive(answers, run)
            else:
                late += answers
                hold_back(answers, run)
            # What the leader sends on them comes too late for this server, too.
            more = run.sent(leader)
            late += more
            hold_back(more, run)
    return [message for message in late if message in run.state.in_flight]
