"""Episodes: random runs of what ordinarily happens to a cluster.

An episode is an election, a command, a server cut off, a crash: choices after which
messages arrive in the order of their sending until none is left. Bugs of the log need
many choices, but few episodes. In some, one message is late or comes twice, or a server
dies in the middle.
"""

from collections.abc import Callable, Sequence
from random import Random

from tester.search.choices import (
    Crash,
    Cut,
    Deliver,
    Heal,
    Lose,
    Start,
    TimeOut,
)
from tester.search.disturbances import pair
from tester.search.episode_run import (
    DELIVERIES_MAX,
    EpisodeRun,
    arrive,
    deliver_twice,
    lose,
)
from tester.search.server_state import ServerState

# A candidate whose term is behind needs more than one election.
TIME_OUTS_MAX = 3
# How often a candidate may repeat its requests before it stands anew.
REPEATS_MAX = 4
# A leader may wait for a while until it sends again what was not answered.
HEARTBEATS_MAX = 4


# Ordinary episodes.


def elect(server: int, run: EpisodeRun, votes_only: bool = False) -> None:
    """Let a server stand for election until it leads, or has tried often enough.

    Who has heard from a leader may refuse all others for a while (PreVote, leases). Then
    the others hear nothing for long, before the server tries again.

    Args:
        server: the server.
        run: the episode's.
        votes_only: whether nothing more arrives once it leads.
    """
    waited = False
    for _ in range(1 if server in run.state.cut else TIME_OUTS_MAX):
        term = run.state.servers[server].term
        run.take(TimeOut(server))
        if votes_only:
            _settle_until_it_leads(server, run)
        else:
            run.settle()
        if run.state.leads_latest(server) or run.arriving == 0:
            return
        others = _within_reach(server, run)
        if not waited and _is_ignored(run.state.servers[server], term, others):
            waited = True
            wait_in_vain([other.server for other in others if not other.leads], run)


def _settle_until_it_leads(server: int, run: EpisodeRun) -> None:
    for _ in range(DELIVERIES_MAX):
        if run.state.leads_latest(server) or not run.settle_one():
            return


def wait_in_vain(servers: Sequence[int], run: EpisodeRun) -> None:
    """Let servers hear nothing until they stand anew, and lose what they send meanwhile.

    A candidate may first repeat its requests; one that asks whether it would win (PreVote)
    comes to no other term.
    """
    for server in servers:
        before = run.state.servers[server]
        for _ in range(1 if before.leads else REPEATS_MAX):
            run.take(TimeOut(server))
            lose(run.sent(server), run)
            if run.state.servers[server].term != before.term:
                break


def stand(
    servers: Sequence[int], run: EpisodeRun, answered: Sequence[int] | None = None
) -> None:
    """Let servers stand for election at one moment, up to the requests of their new terms.

    One that asks first whether it would win (PreVote) asks for votes only when others have
    answered.

    Args:
        servers: the servers.
        run: the episode's.
        answered: those of them whom such answers reach; None for all.
    """
    terms = {server: run.state.servers[server].term for server in servers}
    run.take(*map(TimeOut, servers))
    asking = [server for server in servers if _asks_first(server, terms, run)]
    arrive([message for server in asking for message in run.sent(server)], run)
    if answered is not None:
        asking = [server for server in asking if server in answered]
    for message in run.ready():
        if message.dst in asking and _asks_first(message.dst, terms, run):
            arrive([message], run)


def _asks_first(server: int, terms: dict[int, int], run: EpisodeRun) -> bool:
    """Return whether a server that timed out is still in the term that it was in."""
    at = run.state.servers[server]
    return not at.leads and at.term == terms[server]


def _within_reach(server: int, run: EpisodeRun) -> list[ServerState]:
    """Return the other servers that a server's messages reach, if it is not cut off."""
    disturbances, state = run.disturbances, run.state
    blocked = frozenset() if disturbances is None else disturbances.blocked
    return [
        other
        for other in state.servers
        if other.server != server
        and other.server not in state.cut
        and pair(server, other.server) not in blocked
    ]


def _is_ignored(candidate: ServerState, term: int, others: list[ServerState]) -> bool:
    """Return whether a candidate was refused as if it had not asked.

    Who refuses it for its log, comes to its term all the same.

    Args:
        candidate: the candidate, when it has asked.
        term: its term before it stood for election.
        others: whom it has asked.
    """
    if candidate.term == term:
        return True
    return all(other.term < candidate.term for other in others)


def propose(server: int, run: EpisodeRun, commands: int = 1) -> None:
    """Give a leader commands, at one moment.

    One that gathers commands sends them a little later.
    """
    run.take(*[Start(server)] * commands)
    if run.state.servers[server].leads and not run.state.servers[server].calls:
        run.take(TimeOut(server))
    run.settle()


def spread(server: int, run: EpisodeRun) -> None:
    """Let a leader send its next heartbeat, and more while it has to apply what it accepted.

    Without a majority within its reach, it cannot.
    """
    for _ in range(HEARTBEATS_MAX if _reaches_majority(server, run) else 1):
        run.take(TimeOut(server))
        run.settle()
        if not _is_to_apply(run.state.servers[server]):
            return


def _reaches_majority(server: int, run: EpisodeRun) -> bool:
    if server in run.state.cut:
        return False
    return 2 * (1 + len(_within_reach(server, run))) > len(run.state.servers)


def _is_to_apply(leader: ServerState) -> bool:
    """Return whether a leader has not applied all that it has accepted in its term."""
    waits = leader.leads and not leader.stalled
    return waits and len(leader.applied) < leader.owed


def cut(server: int, run: EpisodeRun) -> None:
    """Cut a server off."""
    run.take(Cut(server))


def heal(server: int, run: EpisodeRun) -> None:
    """Let messages reach a server again; those that could not are lost."""
    reconnect(server, run)
    run.settle()


def reconnect(server: int, run: EpisodeRun) -> None:
    """Do what `heal` does, and let no message arrive yet."""
    # By name: when one is lost, the numbers of other calls may change.
    for message in run.state.in_flight:
        if server in (message.src, message.dst):
            run.take(Lose(message.name))
    run.take(Heal(server))


def crash(server: int, run: EpisodeRun) -> None:
    """Crash a server and start it again."""
    run.take(Crash(server))
    run.settle()


def contend(servers: Sequence[int], run: EpisodeRun) -> None:
    """Let servers stand for election at one moment."""
    run.take(*map(TimeOut, servers))
    run.settle()


# Ordinary stories.


def miss(server: int, leader: int, run: EpisodeRun) -> None:
    """Let a server that is cut off miss what a leader commits."""
    run.take(Cut(server))
    propose(leader, run)
    spread(leader, run)


def strand(leader: int, other: int, run: EpisodeRun) -> None:
    """Cut a leader off that takes a command, and elect another."""
    run.take(Cut(leader))
    propose(leader, run)
    elect(other, run)


def stand_again(server: int, run: EpisodeRun) -> None:
    """Let a server stand for election as soon as messages reach it again."""
    heal(server, run)
    elect(server, run)


# Exceptional ones.


def ask_candidate(server: int, run: EpisodeRun) -> None:
    """Give a server a command while it stands for election: it has to refuse."""
    run.take(TimeOut(server), Start(server))
    run.settle()


def heal_late(server: int, run: EpisodeRun) -> None:
    """Let messages reach a server again; those that could not arrive now."""
    run.take(Heal(server))
    run.release()


HEALS: dict[str, Callable[[int, EpisodeRun], None]] = {
    "heal": heal,
    "heal late": heal_late,
    "stand again": stand_again,
}
"""By kind, the episodes in which messages reach a server again that was cut off."""


def release(run: EpisodeRun) -> None:
    """Let all late messages arrive."""
    run.release()


def release_some(draws: Random, run: EpisodeRun) -> None:
    """Let some of the late messages arrive, and lose others."""
    run.release_some(draws)


def act_apart(choice: Start | TimeOut, dst: int, how: str, run: EpisodeRun) -> None:
    """Let one message of a step fare otherwise than the rest.

    Args:
        choice: the step.
        dst: who the message is for.
        how: what becomes of it, or of the reply to it.
        run: the episode's.
    """
    run.take(choice)
    message = next((m for m in run.sent(choice.server) if m.dst == dst), None)
    if message is None:
        return
    name = run.state.name_of(message)
    if how == "late":
        run.hold_back(message)
    elif how == "none":
        lose(run.sent(choice.server), run)
    elif how == "twice":
        deliver_twice(message, run)
    elif how == "only":
        lose([m for m in run.sent(choice.server) if m.dst != dst], run)
    else:
        run.take(Deliver(name))
        reply = next((m for m in run.sent(dst) if m.dst == choice.server), None)
        if how == "crash":
            run.take(Crash(dst))
        elif reply is not None:
            run.hold_back(reply)
    run.settle()


FATES_WITHOUT_CRASH = ("late", "late reply", "only", "none", "twice")
FATES = (*FATES_WITHOUT_CRASH, "crash")


def die(choice: Start | TimeOut, dies_after: int, run: EpisodeRun) -> None:
    """Let a server die in the middle of a step."""
    run.take(type(choice)(choice.server, dies_after))
    run.settle()


def die_receiving(choice: Start | TimeOut, dst: int, run: EpisodeRun) -> None:
    """Let a server die in the middle of its answer to a message of another's step."""
    run.take(choice)
    message = next((m for m in run.sent(choice.server) if m.dst == dst), None)
    if message is None:
        return
    run.take(Deliver(run.state.name_of(message), 1))
    run.settle()
