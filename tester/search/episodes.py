"""Episodes: random runs of what ordinarily happens to a cluster.

An episode is an election, a command, a server cut off, a crash: choices after which
messages arrive in the order of their sending until none is left. Bugs of the log need
many choices, but few episodes. In some, one message is late or comes twice, or a server
dies in the middle.

Held back from one episode to the next stay the messages of servers that are cut off,
and those that an episode has made late.
"""

from collections.abc import Callable, Sequence
from random import Random

from tester.search.arrivals import Arrivals
from tester.search.choices import (
    Choice,
    Crash,
    Cut,
    Deliver,
    Duplicate,
    Heal,
    Lose,
    MessageName,
    Preempt,
    Start,
    TimeOut,
)
from tester.search.disturbances import Disturbances
from tester.search.exhaustive import Node, is_news
from tester.search.preemptions import Preemptions
from tester.search.rules import Rules
from tester.search.world_state import Message, WorldState

# How many messages may arrive until nothing is under way: some servers never rest.
DELIVERIES_MAX = 80
# A candidate whose term is behind needs more than one election.
TIME_OUTS_MAX = 3
# Of messages that are late, how many arrive where some do, and how many are lost.
ARRIVING = 0.4
LOST = 0.3


class EpisodeRun:
    """A run during one episode.

    Args:
        rules: what each choice leads to.
        node: where the episode begins.
        disturbances: what goes wrong while messages arrive; None for nothing.
        preemptions: where threads lose their turn; None for nowhere.

    Attributes:
        node: where the run is.
        disturbances: the same.
        news: whether the episode has shown something that an oracle can object to.
        taken: how many choices it has taken.
        arriving: how many messages may still arrive; None for as many as there are.
    """

    def __init__(
        self,
        rules: Rules,
        node: Node,
        disturbances: Disturbances | None = None,
        preemptions: Preemptions | None = None,
    ) -> None:
        self.node = node
        self.disturbances = disturbances
        self.news = False
        self.taken = 0
        self.arriving: int | None = None
        self._rules = rules
        self._preemptions = preemptions
        self._arrivals = Arrivals()
        self._arrivals.late = list(node.state.in_flight)

    @property
    def state(self) -> WorldState:
        """The state of the world."""
        return self.node.state

    @property
    def broken(self) -> bool:
        """Whether a server has broken, so that nothing more can happen."""
        return any(server.failure is not None for server in self.state.servers)

    def take(self, *choices: Choice) -> None:
        """Take choices; those that do not apply are skipped."""
        for choice in choices:
            if self._preemptions is not None:
                preemption = self._preemptions.before(choice)
                if preemption is not None:
                    self._take(preemption)
            self._take(choice)

    def is_preempted(self, preempt: Preempt, choice: Choice) -> bool:
        """Return whether a thread would lose its turn in a step."""
        before = None if self.broken else self._rules.take(self.state, preempt)
        after = None if before is None else self._rules.take(before.state, choice)
        return (
            after is not None and after.stepped is not None and after.stepped.preempted
        )

    def _take(self, choice: Choice) -> None:
        before = self.state
        transition = None if self.broken else self._rules.take(before, choice)
        if transition is not None:
            self.taken += 1
            self.news = self.news or is_news(before, transition)
            self.node = Node(transition.state, self.node, choice)
            self._arrivals.follow(transition.state)

    def settle(self) -> None:
        """Deliver what is not late, in the order of sending, until nothing is left."""
        for _ in range(DELIVERIES_MAX):
            if not self.settle_one():
                return

    def settle_one(self) -> bool:
        """Deliver the oldest message that is not late; return whether there is any.

        Where there are disturbances, something else may happen.
        """
        if self.arriving is not None:
            if not self.arriving:
                return False
            self.arriving -= 1
        if self.disturbances is not None:
            return self._disturbed(self.disturbances)
        name = self._arrivals.next_name(self.state)
        if name is None or self.broken:
            return False
        self.take(Deliver(name))
        return True

    def _disturbed(self, disturbances: Disturbances) -> bool:
        if self.broken:
            return False
        choices = disturbances.next_choices(self.state, self._arrivals)
        if choices is None:
            return False
        self.take(*choices)
        if choices and isinstance(choices[0], Duplicate):
            copy = self.state.find(choices[0].message)
            if copy in self._arrivals.queue:
                self._arrivals.hold_back(copy)
        return True

    def release(self) -> None:
        """Let the late messages arrive, as far as they can, and what follows on them."""
        arrivals = self._arrivals
        arrivals.queue, arrivals.late = arrivals.late + arrivals.queue, []
        self.settle()

    def release_some(self, draws: Random) -> None:
        """Let each late message arrive, be lost or stay late, as is drawn."""
        for message in list(self._arrivals.late):
            fate = draws.random()
            state = self.state
            if message in state.in_flight and state.reachable(message):
                name = state.name_of(message)
                if fate < ARRIVING:
                    self.take(Deliver(name))
                elif fate < ARRIVING + LOST:
                    self.take(Lose(name))
        self.settle()

    def hold_back(self, message: Message) -> None:
        """Let a message that was just sent be late."""
        self._arrivals.hold_back(message)

    def ready(self) -> list[Message]:
        """Return the messages that can arrive and are not late, the oldest first."""
        return [m for m in self._arrivals.queue if self.state.reachable(m)]

    def sent(self, src: int) -> list[Message]:
        """Return the messages that a server has just sent and that can arrive."""
        queue = self._arrivals.queue
        return [m for m in queue if m.src == src and self.state.reachable(m)]


Episode = Callable[[EpisodeRun], None]


# What becomes of messages.


def arrive(messages: Sequence[Message], run: EpisodeRun) -> None:
    """Let those of the messages arrive that are still under way and can."""
    _with_each(Deliver, messages, run)


def lose(messages: Sequence[Message], run: EpisodeRun) -> None:
    """Lose those of the messages that are still under way and could arrive."""
    _with_each(Lose, messages, run)


def hold_back(messages: Sequence[Message], run: EpisodeRun) -> None:
    """Let those of the messages be late that could arrive now."""
    for message in messages:
        if message in run.sent(message.src):
            run.hold_back(message)


def _with_each(
    choice: Callable[[MessageName], Deliver | Lose],
    messages: Sequence[Message],
    run: EpisodeRun,
) -> None:
    for message in messages:
        if message in run.state.in_flight and run.state.reachable(message):
            run.take(choice(run.state.name_of(message)))


# Ordinary episodes.


def elect(server: int, run: EpisodeRun) -> None:
    """Let a server stand for election until it leads, or has tried often enough."""
    for _ in range(1 if server in run.state.cut else TIME_OUTS_MAX):
        run.take(TimeOut(server))
        run.settle()
        if run.state.leads_latest(server) or run.arriving == 0:
            return


def propose(server: int, run: EpisodeRun, commands: int = 1) -> None:
    """Give a leader commands, at one moment."""
    run.take(*[Start(server)] * commands)
    run.settle()


def spread(server: int, run: EpisodeRun) -> None:
    """Let a leader send its next heartbeat."""
    run.take(TimeOut(server))
    run.settle()


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
        run.take(Duplicate(name), Deliver(name))
        copy = next((m for m in run.sent(choice.server) if m is message), None)
        if copy is not None:
            run.hold_back(copy)
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
