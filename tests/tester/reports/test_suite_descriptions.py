"""The parts and tests are described by the suite itself."""

from tester.judging.suite import collect
from tester.reports.suite_descriptions import suite_descriptions


def test_the_suite_speaks_for_itself():
    words = suite_descriptions()
    tests = collect(bonus=True)
    assert set(words.parts) == {test.part for test in tests}
    assert words.tests == {test.name: test.description for test in tests}
