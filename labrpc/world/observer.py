"""Observers of a world: any number may watch, and none changes what happens.

The one exception is `labrpc.world.futures`, which lets chance go another way.

Derive from `Observer`, override the methods of interest, and pass the object to
`World.observe`. Only overridden methods are registered, so a run pays for nothing
that no observer wants; several observers of one event are called in the order of
their registration. An observer must not change the world: whoever acts on servers
as the run goes on is the world's one `Supervisor`.

What a world reports, in the order in which it happens:

- `stepped`, before what the box did takes effect, so that every effect follows its
  cause; `settled`, when all of it has taken effect.
- `started`, `crashed`, `paused`, `resumed`: the life of an incarnation.
- `controlled`: what the scenario did to the world, those four among it, by name.
- `printed`: a line of a server's output.
- The fate of each message. An RPC is one `Rpc`, the same object from `request_sent`
  to its end. Each copy of its request has a `Delivery` of its own, which goes
  through `request_arrived`, `reply_sent` and `reply_arrived`, and may end anywhere
  by `lost`, with the reason. A message that is still under way, or whose handler
  has not returned, when the run ends, has no end.

`Rpc.call_id` is that of `Call` and `Response` in the steps of the caller,
`Delivery.request_id` that of `Request` and `Reply` in the steps of the receiver.
A message's arrival is reported before the step that it brings about; a paused server
takes that step later. The caller learns of a loss by `Response(call_id, None)`,
possibly much later than `lost`, or never if it has crashed.
"""

from collections.abc import Callable, Sequence

from labrpc.world.events import Action, Event
from labrpc.world.rpc import Delivery, Incarnation, Loss, Rpc


class Observer:
    """Watches a world. Each method is called at the virtual time `now_ns`."""

    def stepped(
        self,
        now_ns: int,
        host: Incarnation,
        event: Event,
        actions: Sequence[Action],
    ) -> None:
        """Observe that a box was stepped, before its actions take effect.

        At a crash point, `actions` are those that got out.
        """

    def settled(
        self,
        now_ns: int,
        host: Incarnation,
        event: Event,
        actions: Sequence[Action],
    ) -> None:
        """Observe that a step's actions have taken effect.

        Not called if one of them ended the run, or if the server dies in this step
        at its crash point.
        """

    def started(self, now_ns: int, host: Incarnation) -> None:
        """Observe that an incarnation begins; its first step follows."""

    def crashed(self, now_ns: int, host: Incarnation) -> None:
        """Observe that an incarnation has ended. The end of the run is no crash."""

    def paused(self, now_ns: int, host: Incarnation) -> None:
        """Observe that a server stops, though it is up."""

    def resumed(self, now_ns: int, host: Incarnation) -> None:
        """Observe that a paused server goes on; what has piled up follows."""

    def controlled(self, now_ns: int, verb: str, args: tuple[object, ...]) -> None:
        """Observe what the scenario does to the world, as in `crash 2`."""

    def printed(self, now_ns: int, server: int, line: str) -> None:
        """Observe a line that a server has printed, at the time of its printing."""

    def request_sent(self, now_ns: int, rpc: Rpc) -> None:
        """Observe that an RPC has left its caller."""

    def request_arrived(self, now_ns: int, delivery: Delivery) -> None:
        """Observe that a request has reached its receiver."""

    def reply_sent(self, now_ns: int, delivery: Delivery) -> None:
        """Observe that the handler has returned and its reply has left."""

    def reply_arrived(self, now_ns: int, delivery: Delivery) -> None:
        """Observe that a reply has reached the caller; the first one settles the call."""

    def lost(self, now_ns: int, delivery: Delivery, why: Loss) -> None:
        """Observe that a request or reply is gone."""


_OF_MESSAGES = (
    "request_sent",
    "request_arrived",
    "reply_sent",
    "reply_arrived",
    "lost",
)


class Observers:
    """The methods that a world calls, for each event, in order of registration."""

    def __init__(self) -> None:
        self.stepped: tuple[Callable[..., None], ...] = ()
        self.settled: tuple[Callable[..., None], ...] = ()
        self.started: tuple[Callable[..., None], ...] = ()
        self.crashed: tuple[Callable[..., None], ...] = ()
        self.paused: tuple[Callable[..., None], ...] = ()
        self.resumed: tuple[Callable[..., None], ...] = ()
        self.controlled: tuple[Callable[..., None], ...] = ()
        self.printed: tuple[Callable[..., None], ...] = ()
        self.request_sent: tuple[Callable[..., None], ...] = ()
        self.request_arrived: tuple[Callable[..., None], ...] = ()
        self.reply_sent: tuple[Callable[..., None], ...] = ()
        self.reply_arrived: tuple[Callable[..., None], ...] = ()
        self.lost: tuple[Callable[..., None], ...] = ()

    def add(self, observer: Observer) -> None:
        """Register the methods that an observer's class overrides."""
        for event in vars(self):
            if getattr(type(observer), event) is not getattr(Observer, event):
                registered = getattr(self, event)
                setattr(self, event, (*registered, getattr(observer, event)))

    def remove(self, observer: Observer) -> None:
        """Take an observer's methods out."""
        for event, registered in vars(self).items():
            rest = tuple(m for m in registered if m.__self__ is not observer)
            setattr(self, event, rest)

    @property
    def of_messages(self) -> bool:
        """Whether any observer wants to know the fate of messages."""
        return any(getattr(self, event) for event in _OF_MESSAGES)
