"""Fuzz targets: how long they run, and proof that they would find a bug.

A target is a check and a strategy that makes inputs for it. As part of the tests, and so
in CI, each runs on a hundred inputs that are the same each time. By hand, LAB_FUZZ
says on how many, drawn anew each time:

    LAB_FUZZ=100000 pytest tests/fuzz -k archives

A target that finds nothing proves little unless it can find something. So each module
has tables of planted bugs: one change each to the code under test, which the same check
must notice within some thousand inputs. The first of each table is searched for in every
run of the tests, the others when LAB_FUZZ is set, since a search takes seconds.
"""

import os
import warnings
from pathlib import Path
from random import Random
from types import ModuleType

import pytest
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import HypothesisWarning, NoSuchExample

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES_IN_CI = 100
# The search ends with the first that shows the bug. Which come first depends on the
# modules that are loaded, since hypothesis takes constants from them.
PLANTED_EXAMPLES_MAX = 3_000

_BY_HAND = int(os.environ.get("LAB_FUZZ", "0"))


def pytest_collection_modifyitems(config, items):
    """Leave out the planted bugs that are searched for by hand only."""
    if _BY_HAND:
        return
    tables, left_out = set(), []
    for item in items:
        planted = "finds" in getattr(item, "fixturenames", ())
        if planted and item.function in tables:
            left_out.append(item)
        elif planted:
            tables.add(item.function)
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


settings.register_profile(
    "fuzz",
    max_examples=_BY_HAND or EXAMPLES_IN_CI,
    derandomize=not _BY_HAND,
    # What a run by hand has found is tried first in the next one.
    database=settings.default.database if _BY_HAND else None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(scope="session")
def plant():
    """Return a function that loads a module with one change to its source."""

    def load(module, right, wrong):
        source = Path(module.__file__).read_text()
        assert source.count(right) == 1, (
            f"{right!r} is not once in {module.__name__}: the code has changed, so "
            "plant another bug in its place"
        )
        changed = ModuleType(module.__name__)
        changed.__file__ = module.__file__
        exec(
            compile(source.replace(right, wrong), module.__file__, "exec"),
            vars(changed),
        )
        return changed

    return load


@pytest.fixture(scope="session")
def finds():
    """Return a function that says whether a check tells a planted bug from right code.

    An input at which the right code fails as well proves nothing.
    """
    searching = settings(
        settings.get_profile("fuzz"),
        max_examples=PLANTED_EXAMPLES_MAX,
        phases=[Phase.generate],
        database=None,
    )

    def fails(check, code, value):
        try:
            check(code, value)
        except Exception:
            return True
        return False

    def search(inputs, check, right, wrong):
        def tells_them_apart(value):
            return fails(check, wrong, value) and not fails(check, right, value)

        with warnings.catch_warnings():
            # An input may be long to look at; here nobody looks at it.
            warnings.simplefilter("ignore", HypothesisWarning)
            try:
                find(inputs, tells_them_apart, settings=searching, random=Random(0))
            except NoSuchExample:
                return False
        return True

    return search
