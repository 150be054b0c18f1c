"""Calling the methods of a server: finding them, and what they return or raise.

Who calls them, `ThreadServer` or `AsyncServer`, decides in what they run.
"""

from collections.abc import Callable
from typing import Any, cast

from labrpc.box.encoding import Codec
from labrpc.box.lint import Linter
from labrpc.box.outbox import Outbox
from labrpc.box.reports import BoxReports, NoSuchMethod
from labrpc.plain_values import plain_copy
from labrpc.world.events import Invoke, Reply, Request, Result


class MethodCalls:
    """Calls the methods of one server, for RPCs and for the service above.

    Attributes:
        server: the submission's object; None until it has been constructed.
        services: further objects whose methods can be called, by name.
        codec: decodes arguments and encodes replies.
    """

    def __init__(
        self, outbox: Outbox, codec: Codec, reports: BoxReports, lint: Linter
    ) -> None:
        self.server: Any = None
        self.services: dict[str, Any] = {}
        self.codec = codec
        self._outbox = outbox
        self._reports = reports
        self._lint = lint
        # Those that were found, RPC handlers and others.
        self._methods: dict[str, Callable[..., Any]] = {}
        # Where no handler returns anything, messages are one-way, and None is no mistake.
        self._has_answered = False
        # A server that is shut down may answer as it likes.
        self._is_shut_down = False
        self._returned_nothing: dict[str, None] = {}

    def let_go(self) -> None:
        """Free the server's objects: a `__del__` may do anything, even run for ever."""
        self.server = None
        self.services = {}
        self._methods.clear()

    def _find(self, name: str) -> Callable[..., Any] | None:
        """Return the method that `name`, as in `Service.method`, stands for.

        Where there is no such service, that of the server's object, or else of the first
        service that has one.
        """
        service, _, method = name.rpartition(".")
        if service in self.services:
            holders = [self.services[service]]
        else:
            holders = [self.server, *self.services.values()]
        for holder in holders:
            found = getattr(holder, method, None)
            if callable(found):
                return cast("Callable[..., Any]", found)
        return None

    # RPCs.

    def handle(self, event: Request) -> Any:
        """Call the handler of an RPC, and return what it returns.

        Raises:
            NoSuchMethod: there is none.
        """
        handler = self._methods.get(event.method)
        if handler is None:
            handler = self._methods[event.method] = self._find_handler(event)
        return handler(self.codec.decode(event.data))

    def _find_handler(self, event: Request) -> Callable[..., Any]:
        handler = self._find(event.method)
        if handler is not None:
            return handler
        raise NoSuchMethod(
            f"server {event.src} called {event.method!r}, but the class has no method "
            f"{method_name(event)!r}; it has {self._known_methods(event.method)}"
        )

    def reply(self, event: Request, reply: Any) -> None:
        """Send what the handler of an RPC has returned.

        Raises:
            TypeError: it cannot be sent.
        """
        if reply is not None:
            self._has_answered = True
        elif not self._is_shut_down:
            self._returned_nothing[method_name(event)] = None
        if self._has_answered and self._returned_nothing:
            for method in self._returned_nothing:
                self._lint.returned_nothing(method)
            self._returned_nothing.clear()
        data = self.codec.encode(reply)
        self._outbox.actions.append(Reply(event.request_id, data))

    def handler_raised(self, exc: BaseException, event: Request) -> None:
        """End the test: an exception has left an RPC handler."""
        self._reports.exception(
            exc,
            f"in the RPC handler {method_name(event)}, called by server {event.src}",
        )

    # The service.

    def invoke(self, event: Invoke) -> Any:
        """Call a method for the service above; `kill` need not be there.

        Raises:
            NoSuchMethod: there is none.
        """
        name = event.method
        if name == "kill":
            self._is_shut_down = True
        method = self._methods.get(name) or self._find(name)
        if method is not None:
            self._methods[name] = method
            return method(*event.args)
        if event.method == "kill":
            return None
        service, _, name = event.method.rpartition(".")
        if service and service not in self.services:
            raise NoSuchMethod(
                f"`services` has no {service!r}, whose method {name!r} is called here; it "
                f"has {', '.join(map(repr, self.services)) or 'nothing'}"
            )
        raise NoSuchMethod(
            f"the class has no method {event.method!r}, which the service calls; it has "
            f"{self._known_methods(event.method)}"
        )

    def return_result(self, event: Invoke, value: Any) -> None:
        """Give the service a copy of what a method has returned.

        Raises:
            TypeError: something in it is not plain.
            ValueError: a number in it is too large.
        """
        copied = plain_copy(value, f"what {event.method}() returned")
        self._outbox.actions.append(Result(event.invoke_id, copied))

    def method_raised(self, exc: BaseException, event: Invoke) -> None:
        """End the test: an exception has left a method that the service called."""
        self._reports.exception(exc, f"in {event.method}()")

    def _known_methods(self, name: str) -> str:
        kind = type(self.services.get(name.rpartition(".")[0], self.server))
        known = [
            n for n in dir(kind) if not n.startswith("_") and callable(getattr(kind, n))
        ]
        return ", ".join(known) or "none"


def method_name(event: Request) -> str:
    """Return the method that an RPC calls, without the name of its class."""
    return event.method.rpartition(".")[2]
