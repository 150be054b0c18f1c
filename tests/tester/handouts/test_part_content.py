"""Which part each rule and each failure comes into play in first."""

from labrpc.codes import Code
from tester.codes import service
from tester.explain.explanation import CODES
from tester.handouts.part_content import FAILURES_OF_PART, RULES_OF_PART, TASKS
from tester.handouts.starter_repo import root_file


def test_each_rule_that_a_trace_can_prove_is_of_one_part():
    rules = [code for codes in RULES_OF_PART.values() for code in codes]
    assert sorted(rules) == sorted(CODES), "give each explanation its part"


def test_each_failure_of_a_service_is_of_one_part():
    codes = {code for code in vars(service).values() if isinstance(code, Code)}
    listed = [code for codes in FAILURES_OF_PART.values() for code in codes]
    assert len(listed) == len(set(listed))
    assert codes <= set(listed), "give each failure its part"


def test_documents_of_tasks_are_there():
    for task in TASKS.values():
        assert all(root_file(document).is_file() for document in task.documents)
