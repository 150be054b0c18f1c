"""A run during one episode: choices, and the messages that arrive after them.

Held back from one episode to the next stay the messages of servers that are cut off,
and those that an episode has made late.
"""

from collections.abc import Callable, Sequence
from random import Random

from tester.search.arrivals import Arrivals
from tester.search.choices import Choice, Deliver, Duplicate, Lose, MessageName, Preempt
from tester.search.disturbances import Disturbances
from tester.search.exhaustive import Node, is_news
from tester.search.preemptions import Preemptions
from tester.search.rules import Rules
from tester.search.world_state import Message, WorldState, call_of

# How many messages may arrive until nothing is under way: some servers never rest.
DELIVERIES_MAX = 80
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
        recovers: whether nothing is to happen any more but a recovery.
        left_out: the servers that are to be left out of it; None where that is drawn.
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
        self.recovers = False
        self.left_out: tuple[int, ...] | None = None
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
            self._hold_back_one(choices[0].message, disturbances)
        return True

    def _hold_back_one(self, name: MessageName, disturbances: Disturbances) -> None:
        """Let a copy be late, or the answer that came before it."""
        late = copy = self.state.find(name)
        if copy is not None and disturbances.draws_late_answer():
            answers = [m for m in self.sent(copy.dst) if call_of(m) == call_of(copy)]
            late = answers[0] if answers else copy
        if late in self._arrivals.queue:
            self._arrivals.hold_back(late)

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
"""Something that happens in a run, in a few choices."""


# What becomes of messages.


def arrive(messages: Sequence[Message], run: EpisodeRun) -> None:
    """Let those of the messages arrive that are still under way and can."""
    _with_each(Deliver, messages, run)


def arrive_answered(message: Message, run: EpisodeRun) -> None:
    """Let a message arrive, and what its receiver then sends back."""
    before = run.sent(message.dst)
    arrive([message], run)
    back = [m for m in run.sent(message.dst) if m.dst == message.src]
    arrive([m for m in back if m not in before], run)


def lose(messages: Sequence[Message], run: EpisodeRun) -> None:
    """Lose those of the messages that are still under way and could arrive."""
    _with_each(Lose, messages, run)


def hold_back(messages: Sequence[Message], run: EpisodeRun) -> None:
    """Let those of the messages be late that could arrive now."""
    for message in messages:
        if message in run.sent(message.src):
            run.hold_back(message)


def deliver_twice(message: Message, run: EpisodeRun) -> None:
    """Let a message arrive, and a copy of it be late."""
    name = run.state.name_of(message)
    run.take(Duplicate(name), Deliver(name))
    hold_back([message], run)


def _with_each(
    choice: Callable[[MessageName], Deliver | Lose],
    messages: Sequence[Message],
    run: EpisodeRun,
) -> None:
    for message in messages:
        if message in run.state.in_flight and run.state.reachable(message):
            run.take(choice(run.state.name_of(message)))
