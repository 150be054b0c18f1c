"""Which part each rule and each failure comes into play in first."""

import re

from labrpc.codes import Code
from tester.codes import ALL_CODES, service
from tester.explain.explanation import CODES
from tester.explain.service_rules import SERVICE_CODES
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


def test_failures_that_the_contract_of_lab_3_names_are_there():
    page = root_file("docs/contract_kv.md").read_text()
    table = page.partition("## Common mistakes")[2].partition("\n## ")[0]
    named = re.findall(r"`([a-z]+(?:-[a-z]+)+|deadlock)`", table)
    assert len(set(named)) >= 8
    assert [code for code in named if code not in {*ALL_CODES, *SERVICE_CODES}] == []
