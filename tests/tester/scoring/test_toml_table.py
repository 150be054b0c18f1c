"""The line on which a key stands, in whatever way it is written."""

import pytest

from tester.scoring.toml_table import line_of

DOCUMENT = '''\
# a = 1
top = 1

[a]
x = 1  # y = 2
"y" = """
z = 3
"""
z = [
  1,
  2,
]
b.c = 4

[a.d]
# nothing

[other]
x = 5
in = {e = 1, f = {g = 2}}
'''


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("top", 2),
        ("a", 4),
        ("a x", 5),
        ("a y", 6),
        ("a z", 9),
        ("a b c", 13),
        ("a d", 15),
        ("other x", 19),
        ("other in", 20),
        ("other in f g", 20),
        # What is not written is looked for in the table around it.
        ("a d missing", 15),
        ("other missing", 18),
        ("missing", 1),
        ("", 1),
    ],
)
def test_the_line_of_a_key_is_found(keys, line):
    assert line_of(DOCUMENT, tuple(keys.split())) == line
