"""The common part of all boxes that run a submission's code.

It gives the world's events to the submission's object, and gathers what that does.
How its threads run is for subclasses: see `InProcessBox`, and `RealBox` of
`labrpc.real_time`.
"""

from collections.abc import Callable
from typing import Any

from labrpc.box.async_server import AsyncServer, has_coroutines
from labrpc.box.channel import LocalChannel
from labrpc.box.construction import Construction
from labrpc.box.encoding import Codec
from labrpc.box.ends import ApplyEnd, PeerEnd, PersisterEnd
from labrpc.box.lint import Linter
from labrpc.box.method_calls import MethodCalls
from labrpc.box.outbox import Outbox
from labrpc.box.pending import Pending
from labrpc.box.reports import BoxReports
from labrpc.box.thread_server import ThreadServer
from labrpc.simulated.context import BoxContext
from labrpc.submission.entry import Entry
from labrpc.world.events import (
    Boot,
    Invoke,
    Ready,
    Request,
    Response,
    SaveTime,
    Taken,
    Wake,
)


class ServerBox:
    """Runs one incarnation of a server.

    Args:
        context: the box, as the simulated modules know it, complete.
        outbox: where what it does goes.
        reports: what it reports about its submission.
        lint: warns about likely mistakes.
        codec: encodes what it sends, with the classes of its own modules.
        entry: what it constructs; None for the submission's own class.
    """

    def __init__(
        self,
        context: BoxContext,
        outbox: Outbox,
        reports: BoxReports,
        lint: Linter,
        codec: Codec,
        entry: Entry | None = None,
    ) -> None:
        self.context = context
        self._outbox = outbox
        self._reports = reports
        self._codec = codec
        self._entry = entry or context.submission.entry
        self._calls = Pending(context, outbox)
        self._puts = Pending(context, outbox)
        self._gets = Pending(context, outbox)
        self._persister = PersisterEnd(outbox, context.scheduler)
        self._methods = MethodCalls(outbox, codec, reports, lint)
        self._server = ThreadServer(self._methods, context.scheduler)
        self._async_server: AsyncServer | None = None
        self._deliver: dict[type, Callable[[Any], None]] = {
            Boot: self._boot,
            Request: self._server.request,
            Response: lambda event: self._calls.settle(event.call_id, event.data),
            Invoke: self._server.invoke,
            Taken: lambda event: self._puts.settle(event.put_id),
            SaveTime: self._set_save_time,
            Wake: lambda event: None,
        }

    def _set_save_time(self, event: SaveTime) -> None:
        self._persister.save_ns = event.save_ns

    def _boot(self, event: Boot) -> None:
        self.context.scheduler.spawn(self._start, (event,), "constructor")

    def _start(self, event: Boot) -> None:
        """Load the submission and construct its class, in the box's first thread."""
        context = self.context
        construction = Construction(context, self._reports, self._entry)
        server_class = construction.load_class()
        if server_class is None:
            return
        args = self._arguments(event)

        def construct() -> None:
            methods = self._methods
            methods.server = construction.construct(server_class, args)
            services = construction.services(methods.server)
            if services is not None:
                methods.services = services
                self._outbox.actions.append(Ready())

        if has_coroutines(server_class):
            self._run_event_loop(construct)
        else:
            construct()

    def _arguments(self, event: Boot) -> tuple[Any, ...]:
        """Return the arguments of the class's constructor."""
        context, entry, loops = self.context, self._entry, self.context.loops
        self._persister.restore(event.raft_state, event.snapshot)
        peers = [
            PeerEnd(self._calls, self._codec, loops, peer)
            for peer in range(event.servers)
        ]
        apply_ch = ApplyEnd(self._puts, loops)
        if entry.local_channel:
            apply_ch = LocalChannel(self._puts, self._gets, self._outbox, loops)
        given = {
            "peers": peers,
            "servers": peers,
            "me": context.server,
            "persister": self._persister,
            "apply_ch": apply_ch,
            **entry.constants,
        }
        return tuple(given[name] for name in entry.parameters)

    def _run_event_loop(self, construct: Callable[[], None]) -> None:
        """Let an event loop call the constructor, and everything after it."""
        loop = self.context.importer.load("asyncio").new_event_loop()
        self._prepare_loop(loop)
        self._async_server = server = AsyncServer(self._methods, loop)
        self._deliver[Request] = server.request
        self._deliver[Invoke] = server.invoke
        try:
            server.run(construct)
        except SystemExit as exc:
            self._reports.exception(exc, "on the event loop")

    def _prepare_loop(self, loop: Any) -> None:
        """Do nothing: a simulated event loop reports to its box by itself."""
