"""Cutting, cleaning, listing and escaping text."""

import csv
import io
import json
import os
import shlex

import pytest

from tester.text import (
    LINE_MAX,
    NAME_MAX,
    block,
    clean,
    command_line,
    counted,
    csv_cell,
    cut,
    did_you_mean,
    encodable,
    encodable_text,
    is_or_are,
    kind_of,
    listed,
    markdown_fenced,
    markdown_plain,
    markdown_row,
    nearest,
    one_line,
    only,
    printable_name,
    quoted,
    readable_name,
    servers_named,
    short,
    unknown,
)

# Cleaning.


def test_what_no_page_can_hold_is_taken_out():
    assert clean("\x1b[1;31mred\x1b[0m \x1b]0;title\x07!") == "red !"
    assert clean("a\x00b\x07c\ud800d\u202ee\ufffef") == "a�b�c�d�e�f"
    assert clean("tab\tline\r\nline\rline\n") == "tab\tline\nline\nline\n"
    assert clean("naïve 試験 🙂") == "naïve 試験 🙂"


# Each of a kind: soft hyphen, Arabic mark, Hangul filler, zero width, direction, word
# joiner, not assigned, variation selector, byte order mark, annotation, music, tags.
HIDDEN = (
    "\xad\u034f\u061c\u115f\u180e\u200b\u200f\u2028\u202e\u2060\u2065\u2066\u206f"
    "\u3164\ufe00\ufeff\uffa0\ufff9\U0001bca0\U0001d173\U000e0001\U000e0041\U000e0100"
)


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda c: f"U+{ord(c):04X}")
def test_no_character_is_invisible_or_turns_a_text(hidden):
    assert clean(f"a{hidden}b") == "a\ufffdb"
    assert printable_name(f"a{hidden}b") == "a_b"


def test_letters_that_are_joined_and_emoji_stay():
    for text in ("می‌خواهم", "क्‍ष", "👩‍💻 ❤️", "\xa0a\u202fb"):
        assert clean(text) == text


def test_whatever_python_holds_can_be_written_as_json():
    value = {"half \ud800": ["\udcff", 1 << 70, -(1 << 70)], 1: ({"a": None}, 1.5)}
    written = json.loads(json.dumps(encodable(value)).encode())
    assert written == {
        "half \\ud800": ["\\udcff", str(1 << 70), str(-(1 << 70))],
        "1": [{"a": None}, 1.5],
    }
    assert encodable_text("試験 \ud800") == "試験 \\ud800"
    assert encodable(["plain", 1, True]) == ["plain", 1, True]


def test_a_name_that_is_not_utf_8_is_read_as_latin_1():
    assert readable_name(os.fsdecode(b"M\xfcller.py")) == "Müller.py"
    assert readable_name("Müller.py") == "Müller.py"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ann Lee", "Ann Lee"),
        (" a/b\\c\n\x1b ", "a_b_c__"),
        ("", "_"),
        ("  ", "_"),
        ("x" * 200, "x" * NAME_MAX),
    ],
)
def test_a_printable_name_fits_into_a_line_and_a_file_name(name, shown):
    assert printable_name(name) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error file=a::b", ": :error file=a::b"),
        ("a\n \t\xa0::add-mask::b", "a\n \t\xa0: :add-mask::b"),
        ("a\r::error::b", "a\n: :error::b"),
        ("\x1b[1m::error::b", ": :error::b"),
        ("a ##[error]b", "a # #[error]b"),
        ("a ##vso[task.complete]b", "a # #vso[task.complete]b"),
        ("###teamcity[a]", "## #teamcity[a]"),
        ("a::b: c[::2] ## d", "a::b: c[::2] ## d"),
    ],
)
def test_no_line_is_a_command_of_a_ci_job(text, shown):
    assert clean(text) == shown
    assert clean(shown) == shown
    assert not block(text).lstrip().startswith("::")


def test_cleaning_takes_little_time():
    for text in (
        "\n" * 100_000,
        " " * 100_000,
        "##" * 50_000,
        "#" + "a" * 100_000,
    ):
        assert len(clean(text)) >= 100_000


# Cutting.


def test_a_text_that_fits_is_left_as_it_is():
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "abc…"


def test_long_texts_are_cut():
    assert one_line("a\n b\t c") == "a b c"
    assert one_line("x" * 1_000_000) == "x" * 300 + "…"
    lines = block("first\n" + "x" * 1_000_000 + "\nlast").splitlines()
    assert lines == ["first", "x" * LINE_MAX + "…", "…"]
    assert len(block("short\n" * 100_000)) < 6_100
    assert block("short\nlines") == "short\nlines"


def test_a_long_value_is_shown_with_its_length():
    assert short("x" * 38) == repr("x" * 38)
    assert short("x" * 39) == "'" + "x" * 29 + "… (41 characters)"
    assert short("\x01" * 200_000).endswith("… (200000 characters)")
    assert len(short(b"x" * 200_000)) < 60


# Listing and counting.


def test_a_long_list_says_how_many_are_left_out():
    assert listed([]) == ""
    assert listed(["a", "b"], 2) == "a, b"
    assert listed(["a", "b", "c", "d"], 2) == "a, b and 2 more"


def test_numbers_agree_with_their_words():
    assert [counted(n, "run") for n in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]


def test_servers_are_named_by_number():
    assert servers_named([]) == "no server"
    assert servers_named([1]) == "server 1"
    assert servers_named([0, 2]) == "servers 0, 2"
    assert f"{servers_named([0, 2])} {is_or_are([0, 2])}" == "servers 0, 2 are"
    assert f"{servers_named([1])} {is_or_are([1])}" == "server 1 is"
    assert only([], 3) == "none of 3 servers"
    assert only([1], 3) == "only 1 of 3 servers, server 1,"
    assert only([0, 2], 5) == "only 2 of 5 servers, servers 0, 2,"


# Comparing.


def test_reasons_that_differ_in_numbers_only_are_of_one_kind():
    one = kind_of("no leader among the connected servers 0, 1, 2 for 1.5 s")
    assert one == kind_of("no leader among the connected servers 3, 4 for 20 s")
    assert one != kind_of("no leader among the servers 0, 1, 2 for 1.5 s")


def test_a_misspelt_word_gets_a_suggestion():
    known = ["test_re_election", "test_backup"]
    assert nearest("test_re_electoin", known) == "test_re_election"
    assert nearest("snapshot", known) is None
    assert did_you_mean("snapshot", known) == ""
    assert did_you_mean("test_bakcup", known) == " (did you mean test_backup?)"
    assert unknown("shares", ["all", "share"]) == (
        "shares (did you mean share?); there are all, share"
    )
    assert unknown("x", iter(["all", "share"])) == "x; there are all, share"


# Escaping.


def test_markdown_shows_text_as_it_is():
    assert markdown_plain("a_b *c* [d](e) <f> `g` | # h\ni") == (
        r"a\_b \*c\* \[d\](e) &lt;f&gt; \`g\` \| \# h i"
    )


def test_nothing_ends_a_block_of_code_from_within():
    text = markdown_fenced("a\n```\n````` b\n# c")
    fence, *_, last = text.splitlines()
    assert (fence, last) == ("``````text", "``````")


def test_a_bar_does_not_end_a_cell_of_a_table():
    assert markdown_row(["a", "b | c"]) == "| a | b \\| c |"


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "a\nb", '"a",b', " \t=1", "\xa0=1", "\r=1",
     "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", "\ufe661", "\u22121",
     "\u200b=1", "\ufeff=1", "\x1b[0m=1"],
)  # fmt: skip
def test_a_spreadsheet_reads_one_harmless_cell(text):
    out = io.StringIO(newline="")
    csv.writer(out).writerow([csv_cell(text, 50), "next"])
    (row,) = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert row[1] == "next"
    assert row[0][0] not in "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\u2212"
    assert "\n" not in row[0]
    assert len(csv_cell("x" * 100, 50)) == 51


# Commands that are copied into a shell.


WORDS = [
    "pytest", "--lab", "-k", "test_x[", "a b", "it's", "", "a,b", "@x", "{}", "(x)", "*",
    "tests/x.py::test_x[seed3+7]", "~", "#", "a;b", "ü",
]  # fmt: skip


def test_sh_reads_every_word():
    odd = [*WORDS, "$HOME", "`x`", 'a"b', "a\\b", "a!b", "a%b", "a\nb"]
    assert shlex.split(command_line(odd)) == odd


@pytest.mark.parametrize("word", WORDS)
def test_words_are_read_by_cmd_and_powershell_too(word):
    """Neither knows what is between single quotes the way sh does."""
    text = quoted(word)
    assert text == (word if text == word else f'"{word}"')


def test_plain_words_have_no_quotes():
    words = ["--seed", "17", "/a/b.py::test_x", "--submission=../my-raft"]
    assert command_line(words) == " ".join(words)
