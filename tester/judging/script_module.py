"""Interaction scripts as graded tests: files `….txt` with a list of choices.

The comments at the head of the file say what a test's docstring and markers say:

    # An entry of an earlier term is not committed by counting its copies.
    # part: 2C
    # points: 3
    # hidden
"""

import re
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from labrpc.errors import LabError
from tester.errors import UsageError
from tester.scenario.checks import CheckedCluster
from tester.search.choice_text import read_choices
from tester.search.choices import ChoiceList
from tester.text import cut

HEAD_BYTES_MAX = 4_096
_FIELD = re.compile(r"# *(part|points|hidden)(?:: *(.*?))? *")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_POINTS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,4})?")


@dataclass(frozen=True)
class Script:
    """A script, and what its head says.

    Attributes:
        name: the test's.
        about: the first line that is no field.
        points: what it is worth.
        hidden: whether no student may see it.
        choices: what happens.
    """

    name: str
    about: str
    part: str
    points: float
    hidden: bool
    choices: ChoiceList


def is_script(file: Path) -> bool:
    """Return whether a file is a graded script: whether its head names a part."""
    if file.suffix != ".txt":
        return False
    try:
        return "part" in _head(file)[1]
    except UsageError:
        # pytest looks at whatever lies in the folders that it is given.
        return False


def read_script(file: Path) -> Script:
    """Read a script.

    Raises:
        UsageError: it is no graded script, or something is wrong with it.
    """
    about, fields = _head(file)
    if not _NAME.fullmatch(file.stem):
        raise UsageError(
            f"{file}: the script's name becomes a test's: write it in small letters, "
            "digits and underscores, as in figure_8.txt"
        )
    if not fields.get("part"):
        raise UsageError(
            f"{file} is no graded script: its head needs the lines `# part: 2C` and "
            "`# points: 3` (docs/scenarios.md). Keep other text out of a suite"
        )
    if not _POINTS.fullmatch(fields.get("points", "")):
        given = cut(fields.get("points", "nothing"), 20)
        raise UsageError(f"{file}: its head needs `# points: 3`, a number, not {given}")
    choices = read_choices(file)
    if choices.setting.preempt:
        raise UsageError(
            f"{file}: leave out `preempt 1`: whether threads lose their turn is for the "
            "option --preempt to say"
        )
    if not choices.choices:
        raise UsageError(f"{file}: there is no choice in it, so that nothing happens")
    return Script(
        f"test_{file.stem.removeprefix('test_')}",
        about,
        fields["part"],
        float(fields["points"]),
        "hidden" in fields,
        choices,
    )


def _head(file: Path) -> tuple[str, dict[str, str]]:
    """Return the first line that is no field, and the fields."""
    try:
        with file.open("rb") as stream:
            text = stream.read(HEAD_BYTES_MAX).decode(errors="replace")
    except OSError as exc:
        raise UsageError(f"{file} cannot be read: {exc.strerror}") from None
    about, fields = "", dict[str, str]()
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            break
        if field := _FIELD.fullmatch(line):
            fields.setdefault(field[1], field[2] or "")
        elif not about:
            about = line.lstrip("# ").strip()
    return about, fields


def read_replay(file: Path, preempt: bool) -> Script:
    """Read a list of choices outside any suite, such as one that a search has kept.

    Args:
        file: with the list.
        preempt: whether threads lose their turn in this session.

    Raises:
        UsageError: it is no such list, or its `preempt` is not that of the session.
    """
    choices = read_choices(file)
    if choices.setting.preempt != preempt:
        how = "add --preempt" if choices.setting.preempt else "leave --preempt out"
        raise UsageError(f"{file} says `preempt {int(choices.setting.preempt)}`: {how}")
    name = re.sub(r"\W+", "_", file.stem.partition(".")[0])
    about = f"The list of choices in {file.name}."
    return Script(f"test_{name}", about, "", 0.0, False, choices)


class ScriptModule(pytest.Module):
    """A script, as a module with one graded test: pytest collects it as any other."""

    def _read(self) -> Script:
        return read_script(self.path)

    def _getobj(self) -> ModuleType:
        try:
            script = self._read()
        except UsageError as exc:
            raise self.CollectError(str(exc)) from None
        module = ModuleType(script.name)
        setattr(module, script.name, _scenario(script))
        return module


class ReplayModule(ScriptModule):
    """A list of choices outside any suite, as a module with one graded test."""

    def _read(self) -> Script:
        return read_replay(self.path, self.config.getoption("--preempt"))


def _scenario(script: Script) -> object:
    """Return the test as pytest wants it: a function with markers."""

    def scenario(cluster: CheckedCluster) -> None:
        raise LabError("a list of choices was run as a scenario")

    scenario.__name__, scenario.__doc__ = script.name, script.about
    scenario.script = script.choices  # type: ignore[attr-defined]
    setting = script.choices.setting
    cluster = pytest.mark.cluster(
        servers=setting.servers, persistence=setting.persistence
    )
    if setting.clients:
        cluster = pytest.mark.cluster(
            servers=setting.servers, service="kv", clerks=setting.clients
        )
    marks = [
        cluster,
        *([pytest.mark.part(script.part)] if script.part else []),
        pytest.mark.points(script.points),
        pytest.mark.virtual_time,
    ]
    for mark in [*marks, *([pytest.mark.hidden] if script.hidden else [])]:
        mark(scenario)
    return scenario


def script_module(file: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Return what collects a script, None for any other file."""
    if not is_script(file):
        return None
    module: pytest.Module = ScriptModule.from_parent(parent, path=file)
    return module


def replay_module(file: Path, parent: pytest.Collector) -> pytest.Module:
    """Return what collects a list of choices outside any suite."""
    module: pytest.Module = ReplayModule.from_parent(parent, path=file)
    return module
