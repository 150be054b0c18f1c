"""Episodes with clients: what ordinarily happens to a key/value service.

Clients put and get while leaders change. In some episodes a client's message is lost or
late, or its server dies while the request waits there.
"""

from collections.abc import Sequence

from tester.search.choices import (
    Crash,
    Cut,
    Deliver,
    Get,
    Lose,
    Operation,
    Put,
    TimeOut,
)
from tester.search.episode_run import EpisodeRun
from tester.search.episodes import elect, heal, spread
from tester.search.world_state import Message

# How many messages may arrive until a client's request is where it is wanted.
ON_THE_WAY_MAX = 20
# With the first, a server gets what it lacks, and with the next it learns what is committed.
HEARTBEATS = 2
# How often a clerk may pause until its operation has returned.
PAUSES_MAX = 3

# What may happen to one message of a client.
CLIENT_FATES = ("late reply", "late request", "lost reply", "lost request")
# What may happen in the server in which a request waits.
SERVER_FATES = ("crash", "cut", "deaf", "late", "time-out")


def operate(run: EpisodeRun, *operations: Operation) -> None:
    """Let clients begin operations at one moment, and go on until they have returned."""
    run.take(*operations)
    run.settle()
    _wait_for(run, operations)


def _wait_for(run: EpisodeRun, operations: Sequence[Operation]) -> None:
    """Let clerks that wait pause, and go on."""
    for _ in range(PAUSES_MAX):
        waiting = [o for o in operations if _waits(run, o.client)]
        if not waiting:
            return
        run.take(*[TimeOut(operation.client) for operation in waiting])
        run.settle()


def crash_all(leader: int, run: EpisodeRun) -> None:
    """Crash all servers, and let one lead: it performs its log, or restores a snapshot."""
    servers = [
        s.server for s in run.state.servers if s.operation is None and s.term >= 0
    ]
    run.take(*map(Crash, servers))
    elect(leader, run)


def rejoin(server: int, leader: int, run: EpisodeRun) -> None:
    """Let a leader tell a server that was cut off what is committed by now.

    It hears of its deposition and of the entries that have replaced its own so soon that
    it cannot have looked in between whether it still leads.
    """
    heal(server, run)
    for _ in range(HEARTBEATS):
        spread(leader, run)


def pause(client: int, run: EpisodeRun) -> None:
    """Let time pass for a client that waits."""
    run.take(TimeOut(client))
    run.settle()


def operate_away(server: int, operation: Operation, run: EpisodeRun) -> None:
    """Let a client operate that does not reach a server."""
    run.take(operation)
    for _ in range(ON_THE_WAY_MAX):
        lost = [m for m in run.sent(operation.client) if m.dst == server]
        if lost:
            run.take(Lose(run.state.name_of(lost[0])))
        elif not run.settle_one():
            break
    _wait_for(run, [operation])


def strand_client(
    leader: int,
    other: int,
    before: Operation | None,
    away: Operation,
    after: Operation,
    run: EpisodeRun,
) -> None:
    """Cut a leader off that clients reach, and elect another.

    Args:
        leader: is cut off.
        other: is elected.
        before: begins between the two; None for nothing.
        away: comes next, from a client that does not reach the first leader.
        after: comes last.
        run: the episode's.
    """
    run.take(Cut(leader))
    if before is not None:
        operate(run, before)
    elect(other, run)
    operate_away(leader, away, run)
    operate(run, after)


def lose_of_client(operation: Operation, how: str, run: EpisodeRun) -> None:
    """Let one message of an operation be lost, or late.

    Args:
        operation: the client's.
        how: one of `CLIENT_FATES`.
        run: the episode's.
    """
    client = operation.client
    run.take(operation)
    message = _next_to_leader(run, client)
    if message is None:
        return
    if how.endswith("reply"):
        dst = message.dst
        run.take(Deliver(run.state.name_of(message)))
        message = _next_of(run, dst, client)
        if message is None:
            return
    if how.startswith("late"):
        run.hold_back(message)
    else:
        run.take(Lose(run.state.name_of(message)))
    operate(run, operation)


def overtake(put: Put, client: int, run: EpisodeRun) -> None:
    """Let a put be performed and its reply get lost; another client puts the key first.

    What the clerk sends again arrives after that.

    Args:
        put: the first client's.
        client: the other one, which gets the key before it puts it.
        run: the episode's.
    """
    run.take(put)
    request = _next_to_leader(run, put.client)
    if request is None:
        return
    run.take(Deliver(run.state.name_of(request)))
    reply = _next_of(run, request.dst, put.client)
    if reply is None:
        return
    run.take(Lose(run.state.name_of(reply)))
    for again in run.sent(put.client):
        run.hold_back(again)
    operate(run, Get(client, put.key))
    operate(run, Put(client, put.key))
    run.release()
    _wait_for(run, [put])


def disturb_server(operation: Operation, how: str, dst: int, run: EpisodeRun) -> None:
    """Let something happen in the server in which a client's request waits.

    Args:
        operation: the client's.
        how: one of `SERVER_FATES`.
        dst: another server.
        run: the episode's.
    """
    client = operation.client
    run.take(operation)
    message = _next_to_leader(run, client)
    if message is None:
        return
    server = message.dst
    run.take(Deliver(run.state.name_of(message)))
    if how == "crash":
        run.take(Crash(server))
    elif how == "cut":
        run.take(Cut(server))
    elif how == "time-out":
        run.take(TimeOut(dst))
    for sent in run.sent(server):
        if how == "late" or (how == "deaf" and sent.dst == dst):
            run.hold_back(sent)
    operate(run, operation)


def _waits(run: EpisodeRun, client: int) -> bool:
    return run.state.servers[client].operation is not None


def _next_to_leader(run: EpisodeRun, client: int) -> Message | None:
    """Let a client ask servers until it asks a leader; return that request."""
    for _ in range(ON_THE_WAY_MAX):
        message = next(iter(run.sent(client)), None)
        if message is None:
            if not _waits(run, client) or not run.settle_one():
                return None
        elif run.state.servers[message.dst].leads:
            return message
        else:
            run.take(Deliver(run.state.name_of(message)))
    return None


def _next_of(run: EpisodeRun, src: int, dst: int) -> Message | None:
    """Let messages arrive until there is one from a server to a client; return it."""
    for _ in range(ON_THE_WAY_MAX):
        for message in run.sent(src):
            if message.dst == dst:
                return message
        if not run.settle_one():
            return None
    return None
