"""Starting pytest again: with the hash seed, and the root, that were asked for."""

import os
import sys
from types import SimpleNamespace

import pytest

from tester.pytest_plugin import restart
from tester.pytest_plugin.declarations import add_options


class Restarted(Exception):
    """Instead of a restart."""


@pytest.fixture
def started(monkeypatch):
    """Return a function that begins as pytest on a command line; returns the restart."""
    monkeypatch.setenv("PYTHONHASHSEED", "5")

    def start(*given, added="", hash_seed=None, wrong_root=True, command=None):
        def become(command, environment):
            raise Restarted(command, environment)

        monkeypatch.setenv("PYTEST_ADDOPTS", added)
        monkeypatch.setattr(restart, "_become", become)
        monkeypatch.setattr(restart, "_has_wrong_root", lambda config: wrong_root)
        monkeypatch.setattr(
            sys, "orig_argv", ["py", "-m", "pytest", *(command or given)]
        )
        config = SimpleNamespace(
            invocation_params=SimpleNamespace(args=given),
            known_args_namespace=SimpleNamespace(hash_seed=hash_seed),
        )
        try:
            restart.restart_if_needed(config)
        except Restarted as exc:
            return exc.args
        return None

    return start


def test_an_option_and_its_path_become_one(started):
    command, environment = started(
        "a.py", "--submission", "../x", "-v", added="--seed 3"
    )
    expected = [sys.executable, "-m", "pytest", "a.py", "--submission=../x", "-v"]
    assert command == expected
    assert environment["PYTEST_ADDOPTS"] == "--seed=3"


def test_nothing_starts_again_where_pytest_has_begun_well(started):
    assert started("--submission", "../x", wrong_root=False) is None
    assert started("--submission=../x", "-k", "2A") is None
    assert started("a.py", hash_seed=5) is None


def test_a_hash_seed_is_in_the_environment_of_the_next(started):
    command, environment = started("--hash-seed", "7", hash_seed=7, wrong_root=False)
    assert command[-2:] == ["--hash-seed", "7"]
    assert environment == {**os.environ, "PYTHONHASHSEED": "7"}


def test_a_program_that_calls_pytest_is_not_started_again(started):
    """Its arguments are others; the options are then refused (test_options.py)."""
    assert started("--hash-seed", "7", hash_seed=7, command=["program"]) is None


def test_python_takes_no_other_hash_seeds(started):
    assert started("--hash-seed", "-1", hash_seed=-1, wrong_root=False) is None


def test_every_option_with_a_value_is_known():
    """Otherwise a folder called `10m` would become pytest's root."""
    declared = {}
    group = SimpleNamespace(addoption=lambda name, **how: declared.update({name: how}))
    add_options(SimpleNamespace(getgroup=lambda *names: group))
    with_value = {name for name, how in declared.items() if "action" not in how}
    assert with_value == set(restart._WITH_VALUE)


def test_without_fork_the_first_process_waits_for_the_second(monkeypatch):
    monkeypatch.delattr(os, "fork")
    command = [sys.executable, "-c", "import os; os._exit(int(os.environ['STATUS']))"]
    with pytest.raises(SystemExit) as ended:
        restart._become(command, {**os.environ, "STATUS": "3"})
    assert ended.value.code == 3
