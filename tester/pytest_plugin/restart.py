"""Starting pytest again where it has begun with the wrong hash seed or root.

Python fixes the hash seed when it starts, and pytest its root and settings before it
loads any plugin. It then takes the PATH of `--submission PATH` for a folder of tests,
since it does not know the option yet; of `--submission=PATH` it does not.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterable
from typing import NoReturn

import pytest

HASH_SEED_MAX = (1 << 32) - 1
# The lab's options with a value that may name something on the disk.
_WITH_VALUE = (
    "--submission",
    "--replay",
    "--search-states",
    "--lab-trace-dir",
    "--lab-summary",
    "--lab-pictures",
    "--seed",
    "--seeds",
    "--hash-seed",
    "--for",
    "--isolation",
)


def restart_if_needed(config: pytest.Config) -> None:
    """Replace this process by the one that the options ask for, where that is possible.

    It is not where pytest was called by a program, whose arguments are others.
    """
    given = list(config.invocation_params.args)
    head = sys.orig_argv[1 : len(sys.orig_argv) - len(given)]
    if sys.orig_argv[1:] != head + given:
        return
    arguments, environment = given, dict(os.environ)
    added = shlex.split(environment.get("PYTEST_ADDOPTS", ""))
    if (given, added) != (joined(given), joined(added)) and _has_wrong_root(config):
        arguments = joined(given)
        environment["PYTEST_ADDOPTS"] = shlex.join(joined(added))
    hash_seed = config.known_args_namespace.hash_seed
    if hash_seed is not None and 0 <= hash_seed <= HASH_SEED_MAX:
        environment["PYTHONHASHSEED"] = str(hash_seed)
    if arguments != given or environment != dict(os.environ):
        _become([sys.executable, *head, *arguments], environment)


def joined(arguments: Iterable[str]) -> list[str]:
    """Return arguments with each of the lab's options and its value as one."""
    words = iter(arguments)
    found = []
    for word in words:
        value = next(words, None) if word in _WITH_VALUE else None
        found.append(word if value is None else f"{word}={value}")
    return found


def _has_wrong_root(config: pytest.Config) -> bool:
    """Return whether pytest would have another root, had it known the lab's options."""
    known = config.known_args_namespace
    try:
        from _pytest.config.findpaths import determine_setup

        root, settings, *_ = determine_setup(
            inifile=known.inifilename,
            override_ini=known.override_ini,
            args=known.file_or_dir,
            rootdir_cmd_arg=known.rootdir or None,
            invocation_dir=config.invocation_params.dir,
        )
    except (ImportError, TypeError, AttributeError):
        # Another pytest's: starting again costs half a second, and is right.
        return True
    return (root, settings) != (config.rootpath, config.inipath)


def _become(command: list[str], environment: dict[str, str]) -> NoReturn:
    """Let a command take this process's place."""
    sys.stdout.flush()
    sys.stderr.flush()
    if hasattr(os, "fork"):
        os.execve(command[0], command, environment)
    # Elsewhere the process of the shell's would be another one, and end at once.
    child = subprocess.Popen(command, env=environment)
    while True:
        try:
            raise SystemExit(child.wait())
        except KeyboardInterrupt:
            continue  # Ctrl-C is for both of them: the other one ends.
