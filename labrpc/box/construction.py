"""Loading a submission and constructing its class, in a box's first thread."""

import inspect
from collections.abc import Callable
from typing import Any, cast

from labrpc import codes
from labrpc.box.reports import BoxReports
from labrpc.codes import Code
from labrpc.errors import LoadError
from labrpc.simulated.context import BoxContext
from labrpc.submission.entry import Entry
from labrpc.submission.stacks import exception_report

NOT_THERE = (
    "a server can import the standard library and the submission's own files, but no "
    "other package"
)
NO_PROGRAM = (
    "the lab imports the module and constructs its class: put code that runs as a program "
    "under `if __name__ == '__main__':`"
)


class Construction:
    """Loads the submission of one box, constructs its class, and reports failures."""

    def __init__(self, context: BoxContext, reports: BoxReports, entry: Entry) -> None:
        self._context = context
        self._reports = reports
        self._entry = entry

    def load_class(self) -> type | None:
        """Return the submission's class; None if it cannot be loaded."""
        entry = self._entry

        def load() -> Any:
            try:
                return self._context.importer.load_class(entry)
            except ModuleNotFoundError as exc:
                if exc.name != entry.module:
                    raise
                raise LoadError(
                    codes.MISSING_MODULE,
                    f"there is no package {entry.module}/ and no {entry.module}.py, from "
                    f"which the lab imports {entry.class_name}",
                ) from None

        loaded = self._attempt(load, codes.RAISES_WHEN_LOADED, "while it was loaded")
        return cast("type | None", loaded)

    def construct(self, server_class: type, args: tuple[Any, ...]) -> Any:
        """Return a new object of the class; None if it cannot be constructed."""

        def construct() -> Any:
            try:
                return server_class(*args)
            except TypeError:
                check_signature(server_class, self._entry.parameters)
                raise

        return self._attempt(
            construct, codes.RAISES_IN_CONSTRUCTOR, "in its constructor"
        )

    def services(self, server: Any) -> dict[str, Any] | None:
        """Return a server's further objects by name; None if it cannot be used."""
        if server is None:
            return None
        if not self._entry.services:
            return {}
        name = self._entry.class_name

        def read() -> dict[str, Any]:
            services = getattr(server, "services", None)
            if isinstance(services, dict):
                return dict(services)
            raise LoadError(
                codes.NO_SERVICES,
                f"{name} has no dictionary `services`, where the lab finds its parts",
                f"set self.services in {name}.__init__: the name and the object of each part",
            )

        found = self._attempt(
            read, codes.RAISES_IN_CONSTRUCTOR, f"in `services` of {name}"
        )
        return cast("dict[str, Any] | None", found)

    def _attempt(self, function: Callable[[], Any], code: Code, when: str) -> Any:
        """Return what a function of the submission does; None if it cannot be used."""
        submission, reports = self._context.submission, self._reports
        try:
            return function()
        except LoadError as exc:
            reports.fail(exc.code, exc.headline, exc.evidence)
        except Exception as exc:
            headline, evidence = exception_report(submission, exc)
            if isinstance(exc, ModuleNotFoundError):
                code = codes.MISSING_MODULE
                evidence += f"\n{NOT_THERE}"
            reports.fail(code, f"{headline}, {when}", evidence)
        except SystemExit as exc:
            _, evidence = exception_report(submission, exc)
            headline = f"it called sys.exit({exc.code!r}) when it was loaded"
            reports.fail(codes.EXITS_WHEN_LOADED, headline, f"{evidence}\n{NO_PROGRAM}")
        return None


def check_signature(server_class: type, parameters: tuple[str, ...]) -> None:
    """Raise LoadError if the class cannot be constructed as the lab does it."""
    try:
        signature = inspect.signature(server_class)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*parameters)
    except TypeError as exc:
        found = ", ".join(["self", *signature.parameters])
        raise LoadError(
            codes.WRONG_PARAMETERS,
            f"{server_class.__name__}.__init__ has the wrong parameters: {exc}",
            f"found    def __init__({found})\n"
            f"expected def __init__({', '.join(['self', *parameters])})",
        ) from None
