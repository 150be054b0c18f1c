"""The `import` statement inside a box.

The submission's own modules are executed anew for each incarnation, so their
globals die in a crash and are never shared. Simulated modules stand in for
the standard ones; modules that a server may not use are refused; everything
else is the process's own module.
"""

import builtins
import importlib
import importlib.util
import sys
from posixpath import join, normpath
from types import ModuleType
from typing import Any

import labrpc
from labrpc import codes
from labrpc.errors import LoadError
from labrpc.scheduling.greenlets import getcurrent, run_outside
from labrpc.scheduling.scheduler import Task
from labrpc.simulated import os_, pdb_
from labrpc.simulated.context import BoxContext, current_box
from labrpc.simulated.module_copy import copy_of, executed_spec
from labrpc.simulated.stdlib import PRIVATE, module_functions, standard_modules
from labrpc.submission.entry import Entry
from labrpc.submission.submission import Submission


class Importer:
    """The modules of one incarnation.

    Attributes:
        own: the submission's modules that have been loaded, by name.
        builtins: what these modules find as their built-in names.
    """

    def __init__(self, submission: Submission, box: BoxContext) -> None:
        self.own: dict[str, ModuleType] = {}
        self._submission = submission
        self._box = box
        self.builtins = box_builtins()
        self._standard = standard_modules()
        self._private: dict[str, ModuleType] = {}

    def load(self, name: str) -> ModuleType:
        """Return the module `name`, loading it and its parents first.

        Raises:
            ImportError: no such module, or one that a server may not use.
        """
        if name in self.own:
            return self.own[name]
        if name in self._submission.files:
            return self._load_own(name, name)
        simulated = self._simulated(name)
        if simulated is not None:
            return simulated
        on_path = self._on_path(name)
        if on_path is not None:
            return self._load_own(name, on_path)
        if name.partition(".")[0] in self._submission.files:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        os_.refuse_import(name)
        module = sys.modules.get(name)
        if module is None:
            try:
                with HostModules():
                    module = importlib.import_module(name)
            except ModuleNotFoundError as exc:
                raise self._not_found(name, exc) from None
        self._standard.lend(module)
        return module

    def _not_found(self, name: str, exc: ModuleNotFoundError) -> ModuleNotFoundError:
        """Return the error for a missing module; it may be there in the package."""
        package = self._submission.package
        if exc.name == name and f"{package}.{name}" in self._submission.files:
            message = (
                f"No module named {name!r}: the one in {package}/ is imported by "
                f"`from . import {name}` or `from .{name} import …`"
            )
            return ModuleNotFoundError(message, name=name)
        return exc

    def load_own(self, name: str) -> None:
        """Load the module `name` if it is one of the submission's."""
        if name in self._submission.files and name not in self.own:
            self.load(name)

    def _on_path(self, name: str) -> str | None:
        """Return the submission's module that lies where it has led `sys.path`."""
        if "sys" not in self._private:
            return None
        here, stem = str(self._submission.root), name.replace(".", "/")
        for entry in vars(self._private["sys"])["path"]:
            for end in (".py", "/__init__.py"):
                file = normpath(join(here, str(entry), stem + end))
                if self._submission.owns(file):
                    return self._submission.module_of[file]
        return None

    def _load_own(self, name: str, source: str) -> ModuleType:
        """Execute the submission's module `source`, and call it `name`."""
        parent, _, child = name.rpartition(".")
        if parent:
            self.load(parent)
            if name in self.own:
                return self.own[name]
        preemption = self._box.preemption
        code = self._submission.code(source, preempt=preemption is not None)
        file = self._submission.files[source]
        is_package = file is None or file.name == "__init__.py"
        module = ModuleType(name)
        module.__builtins__ = self.builtins  # type: ignore[attr-defined]
        module.__package__ = name if is_package else parent
        module.__spec__ = executed_spec(name, str(file), is_package)
        if file is not None:
            module.__file__ = str(file)
        if preemption is not None:
            vars(module).update(preemption.names())
        if is_package:
            module.__path__ = []
        self.own[name] = module
        self._publish(module)
        if code is not None:
            try:
                exec(code, vars(module))
            except BaseException:
                del self.own[name]
                self._withdraw(name)
                raise
        if parent:
            setattr(self.own[parent], child, module)
        return module

    def _publish(self, module: ModuleType) -> None:
        """Let `sys.modules` show a new module of this box, which is the one that runs."""
        name = module.__name__
        if name in sys.modules:
            _hidden[name] = sys.modules[name]
        sys.modules[name] = module

    def _withdraw(self, name: str) -> None:
        """Take a module that could not be executed out of `sys.modules`."""
        _uninstall(name)

    def _simulated(self, name: str) -> ModuleType | None:
        """Return what stands in for the module `name`, if anything does."""
        module = self._private.get(name)
        if module is not None:
            return module
        if name == "random":
            standard = self._standard.modules[name]
            module = copy_of(standard)
            vars(module).update(module_functions(vars(standard)["Random"]()))
        elif name == "sys":
            module = os_.sys_module(self.own, self._box.output)
            vars(module)["path"] = [str(self._submission.root)]
        elif name in PRIVATE:
            own = {part: self.load(part) for part in ("sys", "random")}
            module = self._standard.execute(name, self._standard.modules | own)
        elif name in os_.OPENS_FILES:
            with HostModules():
                module = os_.without_files(name)
        elif name == "builtins":
            module = ModuleType(name)
            vars(module).update(self.builtins)
        elif name == "pdb" and self.builtins["breakpoint"] is pdb_.breakpoint_:
            with HostModules():
                module = pdb_.as_module()
        elif name == "importlib":
            module = ModuleType(name)
            module.import_module = import_module  # type: ignore[attr-defined]
        elif name == "asyncio" or name.startswith("asyncio."):
            return self._asyncio(name)
        elif name == "labrpc":
            module = ModuleType(name, labrpc.__doc__)
            vars(module).update({n: getattr(labrpc, n) for n in labrpc.__all__})
            vars(module)["annotate"] = self._box.annotate
        else:
            return self._standard.modules.get(name)
        self._private[name] = module
        return module

    def _asyncio(self, name: str) -> ModuleType:
        """Return `asyncio` or a module of it, made when the first server asks."""
        standard = self._standard.modules
        if "asyncio" not in standard:
            with HostModules():
                asyncio_ = importlib.import_module("labrpc.simulated.asyncio_")
                # Outside this box: there it would change the thread and the serials.
                run_outside(asyncio_.add_to, self._standard)
        if name not in standard:
            os_.refuse_import(name)
            raise os_.refused_import(name, os_.WITHOUT)
        return standard[name]

    def import_(
        self,
        name: str,
        globals: dict[str, Any] | None,
        fromlist: tuple[str, ...] | None,
        level: int,
    ) -> Any:
        """Do what the `import` statement asks `__import__` for."""
        if level:
            package = (globals or {}).get("__package__") or ""
            if not package:
                raise ImportError(
                    "attempted relative import with no known parent package"
                )
            name = importlib.util.resolve_name("." * level + name, package)
        module = self.load(name)
        if not fromlist:
            if level:
                return module
            top = name.partition(".")[0]
            return self.load(top) if top != name else module
        for attribute in fromlist:
            if attribute != "*" and not hasattr(module, attribute):
                self._load_submodule(module, name, attribute)
        return module

    def _load_submodule(self, module: ModuleType, name: str, attribute: str) -> None:
        """Load `name.attribute` where `from name import attribute` means it."""
        if not hasattr(module, "__path__"):
            return
        try:
            submodule = self.load(f"{name}.{attribute}")
        except ModuleNotFoundError as exc:
            if exc.name != f"{name}.{attribute}":
                raise
            return
        if name in self.own:
            setattr(module, attribute, submodule)

    def load_class(self, entry: Entry) -> type:
        """Load the module of a class, and return the class.

        Raises:
            LoadError: there is no such class.
        """
        if entry.preload:
            self.load(entry.preload)
        package, class_name = entry.module, entry.class_name
        module = self.load(package)
        inner = f"{package}.{package}"
        if not hasattr(module, class_name) and inner in self._submission.files:
            module = self.load(inner)
        found = getattr(module, class_name, None)
        if isinstance(found, type):
            return found
        classes = [
            n for n, v in vars(module).items()
            if isinstance(v, type) and v.__module__ in self._submission.files
        ]  # fmt: skip
        raise LoadError(
            codes.NO_RAFT_CLASS,
            f"module {module.__name__} defines no class {class_name}",
            (f"it defines {', '.join(sorted(classes))}; " if classes else "")
            + f"the lab constructs `{class_name}({', '.join(entry.parameters)})`",
        )


def import_module(name: str, package: str | None = None) -> ModuleType:
    """Stand in for `importlib.import_module`."""
    if name.startswith("."):
        name = importlib.util.resolve_name(name, package)
    return _importer().load(name)


def _importer() -> Importer:
    importer: Importer = current_box().importer
    return importer


def _import(
    name: str,
    globals: dict[str, Any] | None = None,
    locals: dict[str, Any] | None = None,
    fromlist: tuple[str, ...] | None = (),
    level: int = 0,
) -> Any:
    task = getcurrent()
    importer = task.scheduler.owner.importer if type(task) is Task else _importer()
    if not fromlist and not level and name in importer.own:
        # `pickle` imports the module of each class that it meets.
        top = name.partition(".")[0]
        if top in importer.own:
            return importer.own[top]
    return importer.import_(name, globals, fromlist, level)


def box_builtins() -> dict[str, Any]:
    """Return new built-in names for the modules of one incarnation."""
    return vars(builtins) | {
        "__import__": _import,
        "print": os_.print_to_box,
        "open": os_.open_file,
        "input": os_.read_input,
        "breakpoint": pdb_.breakpoint_,
        "exit": os_.leave,
        "quit": os_.leave,
    }


_installed: dict[str, ModuleType] = {}
_hidden: dict[str, ModuleType] = {}


def install(modules: dict[str, ModuleType]) -> None:
    """Let `sys.modules` show one incarnation's modules, and no other's.

    `pickle`, `dataclasses` and others look a class's module up there. Each
    box installs its own before its threads run.
    """
    global _installed
    if _installed is not modules:
        # All servers of one submission have loaded the same modules, as a rule.
        if _installed.keys() != modules.keys():
            for name in _installed:
                if name not in modules:
                    _uninstall(name)
            for name in modules:
                if name not in _installed and name in sys.modules:
                    _hidden[name] = sys.modules[name]
        sys.modules.update(modules)
        _installed = modules


def _uninstall(name: str) -> None:
    if name in _hidden:
        sys.modules[name] = _hidden.pop(name)
    else:
        sys.modules.pop(name, None)


class HostModules:
    """While entered, `sys.modules` shows only the process's own modules."""

    def __enter__(self) -> None:
        """Take the box's modules out."""
        self._modules = _installed
        install({})

    def __exit__(self, *exc: object) -> None:
        """Put them back."""
        install(self._modules)
