"""What a student may not see is removed from the text of a run."""

import typing

import msgspec

from tester.reports import files as files_module
from tester.reports.redaction import for_the_student


def test_a_student_sees_neither_places_nor_hidden_seeds(made_up):
    run = made_up.a_run(seed=made_up.HIDDEN_SEED, hidden=True)
    text = f"/home/prof/subs/alice/raft.py, seed {made_up.HIDDEN_SEED}; 1{made_up.HIDDEN_SEED}"
    shown = for_the_student(text, made_up.a_grade(run), run)
    assert shown == f"raft.py, seed (hidden); 1{made_up.HIDDEN_SEED}"
    run.hidden = False
    assert f"seed {made_up.HIDDEN_SEED}" in for_the_student(
        text, made_up.a_grade(run), run
    )


def test_a_student_does_not_see_where_python_and_the_lab_lie(made_up):
    grade = made_up.mixed()
    text = (
        f"cannot import name 'override' from 'typing' ({typing.__file__})\n"
        f'  File "{msgspec.__file__}", line 1\n  File "{files_module.__file__}", line 2\n'
        f'  File "{grade.path}/raft.py", line 3'
    )
    assert for_the_student(text, grade, made_up.a_run()) == (
        "cannot import name 'override' from 'typing' (typing.py)\n"
        '  File "msgspec/__init__.py", line 1\n  File "tester/reports/files.py", line 2\n'
        '  File "raft.py", line 3'
    )
