"""Choices: what happens next in a world that a list drives.

A choice is symbolic. It names a message by its link, its method and which of several
alike it is, never by a number that counts all messages, so that a list still means
something when other choices are taken out of it.
"""

import msgspec

from labrpc.world.events import PlaceKind

# How many clients a service has in the worlds of a search.
CLIENTS = 2
# More than fits into a page of memory: some Rafts send no more than that at once.
LARGE_COMMAND_BYTES = 5_000


class _Value(msgspec.Struct, frozen=True, gc=False):
    """An immutable value that is compared by its fields."""


class MessageName(_Value, frozen=True):
    """A message in flight.

    Attributes:
        src: the server that has sent it.
        dst: the server that it is for.
        method: the method that its RPC calls, without the name of the class.
        reply: whether it is the reply to a request; one that says that the call has
            failed counts as well.
        nth: which of several alike it is, from 1, in the order of the calls.
    """

    src: int
    dst: int
    method: str
    reply: bool = False
    nth: int = 1


class Deliver(_Value, frozen=True, tag="deliver"):
    """Let a message arrive.

    Attributes:
        dies_after: how many saves, calls and replies of the step still get out before
            the receiver dies and starts again; None if it lives on.
        with_reply: whether the reply arrives next, if the receiver of a request replies in
            its step. Only where nobody dies.
    """

    message: MessageName
    dies_after: int | None = None
    with_reply: bool = False


class Lose(_Value, frozen=True, tag="lose"):
    """Lose a message; its caller learns at once that the call has failed."""

    message: MessageName


class Duplicate(_Value, frozen=True, tag="duplicate"):
    """Let a message arrive once more, later."""

    message: MessageName


class TimeOut(_Value, frozen=True, tag="time-out"):
    """Let time pass on one server's own clock until it saves, calls, replies or applies.

    Attributes:
        dies_after: as for `Deliver`.
    """

    server: int
    dies_after: int | None = None


class Start(_Value, frozen=True, tag="start"):
    """Call `start` on a server, with a command that no other call has.

    Attributes:
        dies_after: as for `Deliver`.
    """

    server: int
    dies_after: int | None = None


class Snapshot(_Value, frozen=True, tag="snapshot"):
    """Let a server's service take a snapshot, beside those that an interval brings.

    Attributes:
        server: the server's number.
        index: up to which command, one that is applied and in no snapshot so far.
        dies_after: as for `Deliver`.
    """

    server: int
    index: int
    dies_after: int | None = None


class Preempt(_Value, frozen=True, tag="preempt-thread"):
    """Let a thread of a server lose its turn in the next step that the server takes.

    Without effect where threads are not preempted, or where the step has no such place.

    Attributes:
        server: the server's number.
        nth: which place in the step, of its kind, from 1.
        place: the kind: a lock has been released or is about to be taken, a thread
            begins, or a statement comes.
        steps: how many steps the server takes before the thread goes on.
    """

    server: int
    nth: int
    place: PlaceKind = "lock"
    steps: int = 1


class Get(_Value, frozen=True, tag="get"):
    """Let a client get a key, unless it waits for an answer.

    Attributes:
        client: its number; clients are numbered after the servers.
        key: the key.
    """

    client: int
    key: str


class Put(_Value, frozen=True, tag="put"):
    """Let a client put a key, with a value that no other call has.

    Attributes:
        client: as for `Get`.
        key: the key.
        version: the one that it is to replace; None for the latest that the client
            knows of, 0 at first.
    """

    client: int
    key: str
    version: int | None = None


class Crash(_Value, frozen=True, tag="crash"):
    """Cut a server's power, and start it again from what its disk holds."""

    server: int


class Cut(_Value, frozen=True, tag="cut"):
    """Let no message reach or leave a server until it is healed, but those of clients."""

    server: int


class Heal(_Value, frozen=True, tag="heal"):
    """Let messages reach and leave a server again."""

    server: int


class Recover(_Value, frozen=True, tag="recover"):
    """Connect all servers, and let ordinary time pass until they agree on a command.

    A run in which they do not within ten virtual seconds fails. Where there are only
    elections, one of them has to lead. Where there are clients, all their operations
    have to return instead; then each gets every key, and one puts the first.

    Attributes:
        without: a minority of servers that is cut off from the others, which have to
            agree alone. Calls to it fail.
        idle: whether no command is given: then the others have to apply what their leader
            has applied. Not where there are clients.
    """

    without: tuple[int, ...] = ()
    idle: bool = False


class Expect(_Value, frozen=True, tag="expect"):
    """Let a run fail unless a server is in a state.

    Attributes:
        server: its number.
        term: its term; None for any, as below.
        leads: whether it leads.
        applied: how many commands it has applied.
    """

    server: int
    term: int | None = None
    leads: bool | None = None
    applied: int | None = None


class Stall(_Value, frozen=True, tag="stall"):
    """Let a server's service take nothing that is applied until it is resumed.

    A crash ends it as well.
    """

    server: int


class Resume(_Value, frozen=True, tag="resume"):
    """Let a stalled service take what is applied, now and from now on."""

    server: int


Choice = (
    Deliver
    | Lose
    | Duplicate
    | TimeOut
    | Start
    | Snapshot
    | Preempt
    | Get
    | Put
    | Crash
    | Cut
    | Heal
    | Stall
    | Resume
    | Recover
    | Expect
)


class Setting(_Value, frozen=True):
    """What holds in a world from its beginning to its end.

    Attributes:
        servers: how many there are, all started and connected.
        snapshot_interval: after how many applied commands a service takes a snapshot;
            0 for never.
        persistence: whether servers have to save their state, as from part 2C on.
        slow_service: whether a service takes one applied message in each step of its
            server, and not all at once.
        preempt: whether threads may lose their turn between two statements.
        elections_only: whether servers need not agree on commands, as before part 2B.
        clients: how many clients there are, as in lab 3: then the servers are those of a
            key/value service. 0 for Raft alone.
        max_raft_state: how large the Raft state that a server of a service has saved may
            become before it takes a snapshot; 0 for no snapshots.
        mixed_commands: whether every other command is a large one.
    """

    servers: int = 3
    snapshot_interval: int = 0
    persistence: bool = True
    slow_service: bool = False
    preempt: bool = False
    elections_only: bool = False
    clients: int = 0
    max_raft_state: int = 0
    mixed_commands: bool = False

    @property
    def boxes(self) -> int:
        """How many servers and clients there are."""
        return self.servers + self.clients

    def command(self, number: int) -> int | str:
        """Return the command of a number: the number, or a large one that begins so."""
        if self.mixed_commands and number % 2 == 0:
            return f"{number:<{LARGE_COMMAND_BYTES}}"
        return number

    def is_client(self, number: int) -> bool:
        """Return whether a number is a client's."""
        return number >= self.servers


class ChoiceList(_Value, frozen=True):
    """A run of a world that choices drive.

    Attributes:
        setting: what holds in it throughout.
        choices: what happens, in order. Those that do not apply are skipped.
    """

    setting: Setting
    choices: tuple[Choice, ...]


MessageChoice = Deliver | Lose | Duplicate
"""The choices that concern a message."""


def with_message(choice: MessageChoice, message: MessageName) -> MessageChoice:
    """Return the same choice for another message."""
    return msgspec.structs.replace(choice, message=message)


Operation = Get | Put
"""The choices that let a client do something."""

StepChoice = Deliver | TimeOut | Start | Snapshot
"""The choices that let a server take a step, in which it may die."""


def with_death(choice: StepChoice, dies_after: int) -> StepChoice:
    """Return a choice of a step in which the server dies after some of its actions."""
    return msgspec.structs.replace(choice, dies_after=dies_after)
