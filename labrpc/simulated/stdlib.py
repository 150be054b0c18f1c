"""The set of simulated standard modules, one for all boxes of this process.

The pure-Python modules of the standard library (`threading`, `queue`, …) are
executed afresh over the simulated `_thread`, `time` and `os`, rather than
written again; the process's own modules are never touched. What they need to
know of a server they look up in the box that is running.
"""

import builtins
import functools
import importlib
import importlib.util
import random as real_random
import uuid as real_uuid
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from labrpc.scheduling.scheduler import current_task
from labrpc.simulated import (
    dataclasses_,
    datetime_,
    os_,
    pathlib_,
    thread_,
    threading_,
    time_,
)
from labrpc.simulated.context import current_box, serial
from labrpc.simulated.module_copy import executed_spec
from labrpc.simulated.output import Output

# Executed afresh once, for all boxes, in this order: each uses only those before it.
SHARED = (
    "threading",
    "_threading_local",
    "queue",
    "sched",
    "random",
    "secrets",
    "concurrent",
    "concurrent.futures._base",
    "concurrent.futures.thread",
    "concurrent.futures",
)
# Executed afresh for each box that asks: they keep state of their own (loggers,
# the last time stamp), read the server's own `sys.argv` or write to its `sys.stderr`.
PRIVATE = ("argparse", "logging", "pprint", "traceback", "uuid")
# The process itself changes what is in these while it runs.
_CHANGED = {"warnings", "__main__", "linecache", "sys"}
# Those of the modules executed afresh that are packages.
_PACKAGES = ("concurrent", "concurrent.futures", "logging")
# The executors that are no threads, and where they are defined.
_REFUSED_POOLS = {
    "ProcessPoolExecutor": "concurrent.futures.process",
    "InterpreterPoolExecutor": "concurrent.futures.interpreter",
}
# C accelerators that would bypass the simulated primitives.
_WITHOUT = {"_queue", "_uuid", "_asyncio"}
# Py_TPFLAGS_HEAPTYPE: the class was made by Python code, so it can be changed.
_HEAP_TYPE = 1 << 9


class StandardModules:
    """The simulated modules, by name, and the machinery to make more.

    Attributes:
        modules: those that are made, by name.
        random_methods: the functions of `random` that are methods of its generator.
    """

    def __init__(self) -> None:
        dataclasses_.compile_once()
        self.modules: dict[str, ModuleType] = {
            "_thread": thread_.as_module(),
            "time": time_.as_module(),
            "os": os_.as_module(),
            "datetime": datetime_.as_module(),
            datetime_.__name__: datetime_,  # Where pickle looks its classes up.
            "atexit": os_.atexit_module(),
            "pathlib": pathlib_.as_module(),
            # Its submodules look for each other in it before it is executed.
            "concurrent.futures": ModuleType("concurrent.futures"),
        }
        for name in SHARED:
            if name == "concurrent.futures":
                # The package imports its submodules lazily, as attributes.
                self._finish_futures()
            module = self.execute(name, self.modules)
            if name == "threading":
                threading_.finish(module)
            elif name == "_threading_local":
                vars(self.modules["threading"])["local"] = vars(module)["local"]
            elif name == "random":
                _finish_random(module)
                self.random_methods = _methods_of_random(vars(module))
        futures = self.modules["concurrent.futures"]
        vars(self.modules["concurrent"])["futures"] = futures
        for name in ("_base", "thread"):
            vars(futures)[name] = self.modules[f"concurrent.futures.{name}"]
        self._finish_pools(vars(futures))
        self._pristine: list[tuple[Any, dict[str, Any]]] = []
        self._lent: dict[str, list[tuple[Any, dict[str, Any]]]] = {}
        self._protect(self.modules)

    def add(self, modules: dict[str, ModuleType]) -> None:
        """Add modules that were executed over these."""
        self.modules.update(modules)
        self._protect(modules)

    def execute(self, name: str, modules: dict[str, ModuleType]) -> ModuleType:
        """Run a standard module over simulated ones, and add it to `modules`."""
        module = ModuleType(name)
        namespace = vars(module)
        namespace["__builtins__"] = vars(builtins) | {
            "__import__": functools.partial(_import, modules),
            "open": os_.open_file,
        }
        file = namespace["__file__"] = _source(name)[1]
        spec = executed_spec(name, file, is_package=name in _PACKAGES)
        namespace["__spec__"] = spec
        namespace["__package__"] = spec.parent
        if name in _PACKAGES:
            namespace["__path__"] = [str(Path(file).parent)]
        modules[name] = module
        exec(_source(name)[0], namespace)
        if name == "uuid":
            _finish_uuid(module)
        elif name == "logging":
            _finish_logging(module)
        return module

    def lend(self, module: ModuleType) -> None:
        """Note a module of the process's own as it is: a server is given it."""
        if module.__name__ not in self._lent and module.__name__ not in _CHANGED:
            self._lent[module.__name__] = _as_they_are([module])

    def _protect(self, modules: dict[str, ModuleType]) -> None:
        self._pristine += _as_they_are(list(modules.values()))

    def restore(self) -> None:
        """Undo what a submission has done to the modules, between two runs."""
        for owner, names in self._pristine:
            now = vars(owner)
            if now != names:
                for name in [name for name in now if name not in names]:
                    delattr(owner, name)
                _put_back(owner, names)
        for lent in self._lent.values():
            for owner, names in lent:
                # What is new may be the process's own, as a submodule is.
                if not vars(owner).items() >= names.items():
                    _put_back(owner, names)
        vars(self.modules["os"])["environ"].clear()
        threading = vars(self.modules["threading"])
        for registry in ("_active", "_limbo"):
            threading[registry].clear()

    def _finish_futures(self) -> None:
        """Take ids and hashes of objects out of the order of futures."""
        base = self.modules["concurrent.futures._base"]
        future = vars(base)["Future"]
        future.__hash__ = lambda self: hash(serial(self))
        _note_lost_exceptions(future)
        vars(base)["id"] = serial
        vars(base)["LOGGER"] = BoxLogger("concurrent.futures")
        pool = vars(self.modules["concurrent.futures.thread"])["ThreadPoolExecutor"]
        pool._counter = lambda self=None: current_box().next_serial("pool")

    def _finish_pools(self, futures: dict[str, Any]) -> None:
        """Leave the pool of threads, which Python imports only when it is asked for.

        Where the process has imported another pool, a lazy import would find it.
        """
        thread = vars(self.modules["concurrent.futures.thread"])
        futures["ThreadPoolExecutor"] = thread["ThreadPoolExecutor"]
        for pool in _REFUSED_POOLS:
            futures.pop(pool, None)
        futures["__all__"] = tuple(
            name for name in futures["__all__"] if name not in _REFUSED_POOLS
        )
        futures["__getattr__"] = _refused_pool


def _refused_pool(name: str) -> Any:
    """Look up what `concurrent.futures` does not have in a server."""
    if name in _REFUSED_POOLS:
        os_.refuse_import(_REFUSED_POOLS[name])
    raise AttributeError(f"module 'concurrent.futures' has no attribute {name!r}")


def _as_they_are(modules: list[ModuleType]) -> list[tuple[Any, dict[str, Any]]]:
    """Return modules, and the classes that were made for them, with their names."""
    classes = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and value.__flags__ & _HEAP_TYPE
    ]
    return [(owner, dict(vars(owner))) for owner in (*modules, *classes)]


def _put_back(owner: Any, names: dict[str, Any]) -> None:
    now = vars(owner)
    for name, value in names.items():
        if now.get(name) is not value:
            setattr(owner, name, value)


@functools.cache
def standard_modules() -> StandardModules:
    """Return the set, made when the first box of the process needs it."""
    return StandardModules()


@functools.cache
def _source(name: str) -> tuple[CodeType, str]:
    """Return the compiled source of a standard module, and its file."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ImportError(f"no source for the standard module {name}")
    with open(spec.origin, encoding="utf-8") as file:
        return compile(file.read(), spec.origin, "exec", dont_inherit=True), spec.origin


def _import(
    modules: dict[str, ModuleType],
    name: str,
    globals: dict[str, Any] | None = None,
    locals: dict[str, Any] | None = None,
    fromlist: tuple[str, ...] = (),
    level: int = 0,
) -> Any:
    """Import for a standard module that runs over simulated ones."""
    if level and globals is not None:
        name = importlib.util.resolve_name("." * level + name, globals["__package__"])
    if name in _WITHOUT:
        raise ImportError(f"{name} is left out: its Python form is used")
    if name in modules:
        if fromlist:
            for attribute in fromlist:
                submodule = modules.get(f"{name}.{attribute}")
                if submodule is not None:
                    setattr(modules[name], attribute, submodule)
            return modules[name]
        return modules[name.partition(".")[0]]
    return __import__(name, None, None, fromlist, 0)


class BoxLogger:
    """What `concurrent.futures` and `asyncio` complain to: the running server's log."""

    def __init__(self, name: str) -> None:
        self._name = name
        for level in ("debug", "info", "warning", "error", "critical", "exception"):
            setattr(self, level, functools.partial(self._log, level))

    def _log(self, level: str, message: str, *args: Any, **how: Any) -> None:
        # A power cut reaches the workers as an exception, and is none of theirs.
        task = current_task()
        if task is not None and not task.dying:
            logging: Any = current_box().importer.load("logging")
            getattr(logging.getLogger(self._name), level)(message, *args, **how)


def _note_lost_exceptions(future: Any) -> None:
    """Let a box know of exceptions that would be lost if nobody asks for them."""
    set_exception = future.set_exception

    def noted(self: Any, exc: BaseException | None) -> None:
        set_exception(self, exc)
        task = current_task()
        if exc is not None and not (task is not None and task.dying):
            current_box().lint.watch(self)

    def asking(method: Any) -> Any:
        @functools.wraps(method)
        def ask(self: Any, *args: Any, **options: Any) -> Any:
            self.lab_was_asked = True
            return method(self, *args, **options)

        return ask

    future.lab_was_asked = False
    future.set_exception = noted
    # `asyncio` asks by the last, from Python 3.15 on.
    for name in ("result", "exception", "_get_snapshot"):
        if hasattr(future, name):
            setattr(future, name, asking(getattr(future, name)))


def _finish_random(module: ModuleType) -> None:
    """Seed unseeded generators from the box's own entropy."""
    standard: Any = vars(module)["Random"]

    class Random(standard):  # type: ignore[misc]
        """The standard generator; without a seed, it takes the box's entropy."""

        def seed(self, a: Any = None, version: int = 2) -> None:
            if a is None:
                a = current_box().entropy.getrandbits(256)
            super().seed(a, version)

    Random.__module__ = "random"
    Random.__qualname__ = "Random"
    vars(module)["Random"] = Random


def _methods_of_random(names: dict[str, Any]) -> dict[str, str]:
    """Map each function of `random` that is a method of its generator to that method."""
    return {
        name: value.__name__
        for name, value in names.items()
        if getattr(value, "__self__", None) is names["_inst"]
    }


def _finish_uuid(module: ModuleType) -> None:
    """Keep the machine's network address and clock out of uuid1."""
    names = vars(module)
    # The process's own class, so that ids can be pickled.
    names["UUID"] = real_uuid.UUID
    names["getnode"] = lambda: 0x02_00_00_00_00_00 + current_box().server
    names["_generate_time_safe"] = names["_UuidCreate"] = None


def _finish_logging(module: ModuleType) -> None:
    """Let what is logged to a file be recorded like all else: a server has no files."""
    vars(module)["FileHandler"]._open = lambda self: Output(current_box().reports.log)


def module_functions(generator: real_random.Random) -> dict[str, Any]:
    """Return `random.random`, `random.randint` and so on, for one generator."""
    methods = standard_modules().random_methods
    names: dict[str, Any] = {
        name: getattr(generator, method) for name, method in methods.items()
    }
    names["_inst"] = generator
    return names
