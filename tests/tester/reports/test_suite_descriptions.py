"""The parts and tests are described by the suite itself."""

from tester.reports.suite_descriptions import suite_descriptions


def test_the_suite_speaks_for_itself(graded_tests):
    words = suite_descriptions()
    assert set(words.parts) == {test.part for test in graded_tests.values()}
    assert words.tests == {t.name: t.description for t in graded_tests.values()}
