"""The search for servers that come to a stop: a recovery from each kind of state.

A move is what ordinarily happens at once: a time-out, a command, a crash, a server that is
cut off or connected again; after it, messages wait, or all of them arrive. Breadth first, so
that what is found needs few moves. A state in which servers are, and compare, as in an earlier
one is not followed: that is not sound, and leads far.
"""

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator
from functools import partial

from tester.search.budget import Limits
from tester.search.choices import Choice, Crash, Cut, Heal, Recover, Start, TimeOut
from tester.search.episode_run import EpisodeRun
from tester.search.exhaustive import Found, Node, confirmed
from tester.search.judged_run import run_choices
from tester.search.rules import Rules
from tester.search.server_state import ServerState
from tester.search.world_state import WorldState, compared_servers

Move = Callable[[EpisodeRun], None]


class RecoverySearch:
    """Recoveries from the kinds of states to which few moves lead.

    Args:
        rules: what each choice leads to.

    Attributes:
        found: a run that breaks a property; None as long as none was met.
    """

    def __init__(self, rules: Rules) -> None:
        self.found: Found | None = None
        self._rules = rules
        self._frontier = deque([Node(rules.initial(), None, None)])
        self._known: set[Hashable] = set()
        self._moves: Iterator[tuple[Node, Move]] = iter(())

    def advance(self, limits: Limits) -> None:
        """Go on until a run fails, nothing is left, or the limits are reached."""
        while self.found is None and not limits.reached:
            following = next(self._moves, None)
            if following is not None:
                limits.count()
                self._follow(*following)
            elif self._frontier:
                node = self._frontier.popleft()
                self._moves = iter([(node, move) for move in moves(node.state)])
            else:
                return

    def _follow(self, node: Node, move: Move) -> None:
        """Make a move, and look whether servers recover from where it leads."""
        run = EpisodeRun(self._rules, node)
        move(run)
        look = kinds_in(run.state)
        if look in self._known:
            return
        self._known.add(look)
        for end in recoveries(run.state):
            path = [*run.node.path(), end]
            if run_choices(self._rules, path)[1] is not None:
                self.found = confirmed(self._rules, path)
                return
        if not run.broken:
            self._frontier.append(run.node)


def moves(state: WorldState) -> Iterator[Move]:
    """Yield what may happen next, once with all messages waiting, once with none.

    Of servers that compare alike, to the first of them.
    """
    alike: dict[Hashable, ServerState] = {}
    for at, kind in zip(state.servers, _kinds(state), strict=True):
        alike.setdefault(kind, at)
    choices: list[Choice] = []
    for at in alike.values():
        server = at.server
        choices.append(TimeOut(server))
        if at.leads:
            choices.append(Start(server))
        choices.append(Heal(server) if server in state.cut else Cut(server))
        if at.outward:
            # Else it would only lose what it did not do.
            choices.append(Crash(server))
    for choice in choices:
        yield partial(_take, choice)
        yield partial(_take_and_settle, choice)
    if state.in_flight:
        yield EpisodeRun.release


def _kinds(state: WorldState) -> list[Hashable]:
    """Return what each server has in common with others: how it compares, and its messages."""
    to = Counter((m.dst, m.method, m.reply) for m in state.in_flight)
    return [
        (
            at.term,
            *ranks,
            at.server in state.cut,
            frozenset((key[1:], n) for key, n in to.items() if key[0] == at.server),
        )
        for at, ranks in zip(state.servers, compared_servers(state), strict=True)
    ]


def _take(choice: Choice, run: EpisodeRun) -> None:
    run.take(choice)


def _take_and_settle(choice: Choice, run: EpisodeRun) -> None:
    run.take(choice)
    run.release()


def recoveries(state: WorldState) -> Iterator[Recover]:
    """Yield who is to recover: all servers, and a majority where others are cut off."""
    yield Recover()
    if state.cut and 2 * len(state.cut) < len(state.servers):
        yield Recover(state.cut)


def kinds_in(state: WorldState) -> Hashable:
    """Return the kinds of a world's servers, in any order of them."""
    return frozenset(Counter(_kinds(state)).items())
