"""What the name of a file says of its kind, and names that fit on a disk."""

import pytest

from tester.intake.file_names import fitting_name, is_large, is_source


@pytest.mark.parametrize(
    "name", ["raft.py", "RAFT.PY", "lab.zip", "lab.tar.gz", "x.7z"]
)
def test_source_is_never_large(name):
    assert is_source(name)
    assert not is_large(name, 1 << 30)


@pytest.mark.parametrize("name", ["run.log", "raft.ipynb", "core", "raft.py.txt"])
def test_another_file_is_large_beyond_a_megabyte(name):
    assert not is_source(name)
    assert not is_large(name, 1 << 20)
    assert is_large(name, (1 << 20) + 1)


def test_a_name_that_fits_stays_as_it_is():
    assert fitting_name("a" * 255) == "a" * 255
    assert fitting_name("\N{LATIN SMALL LETTER E WITH ACUTE}.py") == "\xe9.py"


@pytest.mark.parametrize("suffix", [".py", ".tar.gz", ".zip", "", ".averylongsuffix"])
@pytest.mark.parametrize("letter", ["a", "\xe9", "\N{CJK UNIFIED IDEOGRAPH-9673}"])
def test_a_longer_name_is_cut_and_keeps_what_it_says(suffix, letter):
    one, other = (fitting_name(letter * n + suffix, 50) for n in (300, 301))
    assert one != other
    assert max(len(one.encode()), len(other.encode())) <= 50
    if len(suffix) < 10:
        assert one.endswith(suffix)
    assert one.startswith(letter * 5)
