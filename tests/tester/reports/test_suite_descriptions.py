"""The parts and tests are described by the suite itself."""

import pytest

from tester.judging.suite import LABS, collect
from tester.reports.suite_descriptions import suite_descriptions


@pytest.mark.unmeasured
def test_the_suite_speaks_for_itself():
    words = suite_descriptions()
    tests = [test for lab in LABS for test in collect(bonus=True, lab=lab)]
    assert set(words.parts) == {test.part for test in tests}
    assert words.tests == {test.name: test.description for test in tests}
