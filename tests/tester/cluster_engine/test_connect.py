"""The option --dask: addresses, and what is said where Dask is not installed."""

import argparse
import sys

import pytest

from tester.cluster_engine.connect import EXTRA, LOCAL, add_dask, connected
from tester.errors import UsageError
from tester.judging.run_hosting import IN_PROCESS


@pytest.fixture
def parse():
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_dask(parser)
    return lambda *words: parser.parse_args(words).dask


def test_an_address_is_optional(parse):
    assert parse() is None
    assert parse("--dask") == LOCAL
    assert parse("--dask", "tls://10.1.2.3:8786") == "tls://10.1.2.3:8786"
    with pytest.raises(argparse.ArgumentError, match=r"'submissions/' is no address"):
        parse("--dask", "submissions/")


def test_without_the_option_there_is_no_cluster():
    assert connected(None, 1, IN_PROCESS, print) is None


@pytest.mark.parametrize("missing", EXTRA)
def test_without_dask_the_message_says_what_to_install(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    for name in ("dask_engine", "connections"):
        module = f"tester.cluster_engine.{name}"
        monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(UsageError, match=r"needs the extra `cluster`: pip install"):
        connected(LOCAL, 1, IN_PROCESS, print)
