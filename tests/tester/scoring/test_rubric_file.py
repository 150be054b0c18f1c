"""What is wrong in a rubric is refused with file, line, reason, and what would be right."""

import re
import string
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tester.cli.rubric_text import default_text
from tester.errors import UsageError
from tester.judging.suite import collect
from tester.scoring import rubric_file
from tester.scoring.policy import FUNCTIONS, NAMES, RULES, UNITS, check_formula
from tester.scoring.rubric_file import load_rubric, rubric_lab

# Each with the line, and what is said of it.
WRONG = [
    # No TOML.
    ("\n[seeds", 2, "not valid TOML: Expected ']' at the end of a table declaration"),
    ("a = [\n1,\n", 2, "not valid TOML: "),
    ("x = 1\n\nx = 2", 3, "not valid TOML: Cannot overwrite a value"),
    # Unknown keys.
    ("[seed]\n", 1, "the file has no key seed (did you mean seeds?); there are seeds, policy, parts, safety_cap"),
    ("[seeds]\n\ncuont = 3", 3, "[seeds] has no key cuont (did you mean count?); there are first, count, hidden, secret_file"),
    ("[policy]\nformular = 'x'", 2, "[policy] has no key formular (did you mean formula?)"),
    ("[parts.2A]\nextra = true\nbonus = 1", 3, "[parts.2A] has no key bonus; there are points, weight"),
    ("[parts.2A.policy]\nunit = 1", 2, "[parts.2A.policy] has no key unit; there are rule, per, formula"),
    # Unknown words.
    ("[parts.2A]\n[parts.2Y]", 2, "there is no part 2Y; there are 2A, 2B, 2C, 2D, 2X"),
    ("[parts.2A.tests]\n# no\ntest_reelection = 3", 3, "part 2A has no test test_reelection (did you mean test_re_election?); there are test_initial_election, test_re_election, test_many_elections"),
    ("[parts.2A.tests]\ntest_churn = 3", 2, "test_churn is a test of part 2C: move it there"),
    ("[parts.2A]\nleave_out = [\n'test_x'\n]", 2, "part 2A has no test test_x; there are"),
    ("[parts.2A]\nleave_out = ['test_churn']", 2, "test_churn is a test of part 2C"),
    ("[policy]\nper = 'test'\nrule = 'al'", 3, "there is no rule al (did you mean all?); there are all, share, threshold"),
    ("[parts.2D]\npolicy = {per = 'lab'}", 2, "`per` cannot be lab; there are test, part"),
    ("[seeds]\n[parts.3A]", 2, "part 3A is of lab 3, and this rubric is for lab 2: remove the part, or write `lab = 3` above all tables"),
    ("lab = 4", 1, "`lab` must be a whole number <= 3, not 4"),
    ("[seeds]\nlab = 3", 2, "[seeds] has no key lab"),
    # Wrong types and numbers.
    ("seeds = 3", 1, "`seeds` must be a table, not 3"),
    ("[parts]\n2A = 3", 2, "`2A` must be a table, not 3"),
    ("[parts.2A]\npolicy = 'all'", 2, "`policy` must be a table, not 'all'"),
    ("[seeds]\ncount = 'three'", 2, "`count` must be a whole number, not 'three'"),
    ("[seeds]\ncount = -1", 2, "`count` must be a whole number >= 0, not -1"),
    ("[seeds]\nfirst = 1.5", 2, "`first` must be a whole number, not 1.5"),
    ("[seeds]\nfirst = 2000-01-01", 2, "`first` must be a whole number, not datetime"),
    ("[parts.2A]\npoints = true", 2, "`points` must be a number, not true"),
    ("[parts.2A]\npoints = nan", 2, "`points` must be a number >= 0, not nan"),
    ("[parts.2A]\nweight = -2", 2, "`weight` must be a number >= 0, not -2"),
    ("[parts.2A]\nweight = inf", 2, "`weight` must be a number <= 1000000, not inf"),
    ("[parts.2A.tests]\ntest_re_election = -3", 2, "`test_re_election` must be a number >= 0, not -3"),
    ("[parts.2A.tests]\ntest_re_election = '3'", 2, "`test_re_election` must be a number, not '3'"),
    ("[parts.2A]\nextra = 'yes'", 2, "`extra` must be true or false, not 'yes'"),
    ("[parts.2A]\nleave_out = 3", 2, "`leave_out` must be true or false or a list in [brackets], not 3"),
    ("[parts.2A]\nleave_out = [3]", 2, "`leave_out` must hold only a text in \"quotes\", not [3]"),
    ("[seeds]\nsafety_cap = 0.5", 2, "[seeds] has no key safety_cap"),
    ("\nsafety_cap = 50", 2, "`safety_cap` must be a number <= 1, not 50"),
    ("safety_cap = -0.1", 1, "`safety_cap` must be a number >= 0, not -0.1"),
    ("safety_cap = nan", 1, "`safety_cap` must be a number >= 0, not nan"),
    ("[parts.2A]\nsafety_cap = 'half'", 2, "`safety_cap` must be a number, not 'half'"),
    (f"[policy]\nformula = '{'1' * 501}'", 2, "`formula` must be a text in \"quotes\" of length <= 500"),
    # Contradictions.
    ("[parts.2A]\n\npoints = 10\n[parts.2A.tests]\ntest_re_election = 11", 3, "`points` is 10, but the named tests add up to 11: remove"),
    ("parts.2A.tests = {test_re_election = 1, test_initial_election = 2, test_many_elections = 3}\nparts.2A.points = 7", 2, "`points` is 7, but the named tests add up to 6"),
    ("[policy]\nrule = 'share'\nformula = 'passed'", 3, "the rule 'share' takes no formula; the one that does is \"threshold\""),
    ("[policy]\nrule = 'threshold'", 2, "the rule \"threshold\" needs a `formula`, as in formula ="),
    ("[seeds]\ncount = 0", 2, "there are no seeds: `count` is 0, and none is hidden"),
    ("parts.2A.extra = true\nparts.2B.points = 0\nparts.2C.weight = 0\nparts.2D.leave_out = true\nparts.2X.extra = true", 1, "no points can be earned: every part is extra, left out, or worth nothing"),
    # Formulas.
    ("[policy]\nrule = 'threshold'\nformula = 'passd'", 3, "the formula has an unknown name: passd (did you mean passed?)"),
    ("[seeds]\ncount = 5\n[parts.2B.policy]\nrule = 'threshold'\nformula = '''\nmax(passed - 200, 0) / 200'''", 5, "the formula gives 0 if all 5 seeds pass, but must give 1"),
    # Secrets.
    ("[seeds]\nhidden = 3", 2, "`hidden` seeds need a `secret_file`, as in secret_file = \"secret.txt\"; make one with: python -c"),
    ("[seeds]\nsecret_file = 's'", 2, "`secret_file` is for hidden seeds: add their number, as in `hidden = 20`"),
    ("[seeds]\nhidden = 3\nsecret_file = 'gone'", 3, "the secret cannot be read from FOLDER/gone: No such file or directory; make one with"),
    ("[seeds]\nhidden = 3\nsecret_file = '.'", 3, "the secret cannot be read from FOLDER: Is a directory"),
    ("[seeds]\nhidden = 3\nsecret_file = 'empty'", 3, "the secret in FOLDER/empty has 0 bytes and could be guessed: it needs at least 16; make one with"),
    ("[seeds]\nhidden = 3\nsecret_file = 'short'", 3, "the secret in FOLDER/short has 15 bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "reason"), WRONG)
def test_a_wrong_rubric_is_refused_with_line_and_reason(
    tmp_path, suite, text, line, reason
):
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "short").write_text("  123456789012345\n")
    file = tmp_path / "rubric.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as refused:
        load_rubric(file, suite)
    said = str(refused.value)
    assert said.startswith(f"{file}, line {line}: "), said
    assert reason.replace("FOLDER", str(tmp_path)) in said
    assert "\n" not in said


def test_a_rubric_of_lab_3_has_no_part_of_lab_2(tmp_path, service_suite):
    file = tmp_path / "rubric.toml"
    file.write_text("lab = 3\n[parts.2A]\n")
    with pytest.raises(
        UsageError, match="line 2: part 2A is of lab 2, and this rubric"
    ):
        load_rubric(file, service_suite)
    file.write_text("lab = 3\n[parts.3D]\n")
    with pytest.raises(UsageError, match="there is no part 3D; there are 3A, 3B, 3C"):
        load_rubric(file, service_suite)


def test_the_command_that_is_advised_makes_a_secret(tmp_path, suite, shell):
    file = tmp_path / "rubric.toml"
    file.write_text('[seeds]\nhidden = 3\nsecret_file = "secret.txt"')
    with pytest.raises(UsageError) as refused:
        load_rubric(file, suite)
    command = re.search(r"make one with: python (.*)$", str(refused.value))
    assert command is not None
    assert shell(f"python3 {command[1]}", tmp_path).returncode == 0
    assert len(load_rubric(file, suite).hidden) == 3


def test_files_of_windows_editors_are_read_as_any_other(tmp_path, suite):
    file = tmp_path / "bom.toml"
    file.write_bytes(b"\xef\xbb\xbf# a rubric\r\n[seeds]\r\ncount = 3\r\n")
    assert len(load_rubric(file, suite).public) == 3
    file.write_text('[seeds]\nhidden = 1\nsecret_file = "s"')
    hidden = []
    for secret in (b"0123456789abcdef", b"\xef\xbb\xbf0123456789abcdef\r\n"):
        (tmp_path / "s").write_bytes(secret)
        hidden.append(load_rubric(file, suite).hidden)
    assert hidden[0] == hidden[1]
    file.write_bytes(b"\xef\xbb\xbf[seeds]\r\ncount = -3\r\n")
    with pytest.raises(UsageError, match="line 2: `count` must be"):
        load_rubric(file, suite)


def test_a_file_that_cannot_be_read_is_wrong_usage(tmp_path, suite):
    with pytest.raises(UsageError, match=r"cannot read .*none.toml: No such file"):
        load_rubric(tmp_path / "none.toml", suite)
    with pytest.raises(UsageError, match=r"cannot read .*: Is a directory"):
        load_rubric(tmp_path, suite)
    (tmp_path / "latin.toml").write_bytes(b"# line 1\n# caf\xe9\n")
    (tmp_path / "wide.toml").write_text("[seeds]\ncount = 3", encoding="utf-16")
    with pytest.raises(
        UsageError, match=r"wide.toml: encoded in UTF-16: save the file"
    ):
        load_rubric(tmp_path / "wide.toml", suite)
    with pytest.raises(UsageError, match=r"latin.toml, line 2: not valid UTF-8"):
        load_rubric(tmp_path / "latin.toml", suite)


VALUES = [
    "3",
    "-1",
    "'all'",
    "true",
    "[1]",
    "['test_churn']",
    "{}",
    "nan",
    "2000-01-01",
]


# However slow the machine is at the moment.
@pytest.mark.slow
@settings(deadline=None)
@given(data=st.data())
def test_whatever_is_written_is_read_or_refused_in_one_line(
    data, suite, tmp_path_factory
):
    lines = default_text(suite).split("\n")
    for _ in range(data.draw(st.integers(1, 3))):
        number = data.draw(st.integers(0, len(lines) - 1))
        line = lines[number]
        lines[number] = data.draw(
            st.sampled_from(
                [
                    "",
                    line.removeprefix("# "),
                    line[: len(line) // 2],
                    *[f"{line.split(' =')[0]} = {value}" for value in VALUES],
                ]
            )
            | st.text(string.printable, max_size=9)
        )
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_text("\n".join(lines))
    try:
        assert load_rubric(file, suite).seeds()
    except UsageError as exc:
        said = str(exc)
        assert re.match(rf"{re.escape(str(file))}, line \d+: \S", said), said
        assert "\n" not in said, said


@pytest.fixture(scope="module")
def documented():
    return (Path(__file__).resolve().parents[3] / "docs" / "rubric.md").read_text()


def test_every_key_and_word_is_explained(documented):
    keys = [
        field.name
        for kind in (rubric_file._Seeds, rubric_file._Part, rubric_file._Policy)
        for field in msgspec.structs.fields(kind)
        if field.name not in ("tests", "policy")
    ]
    assert len(keys) == 13
    quoted = [f'"{word}"' for word in (*RULES, *UNITS)]
    for word in (*keys, *NAMES, *FUNCTIONS, *quoted):
        assert f"`{word}`" in documented, word
    for part in ("tests", "policy"):
        assert f"`[parts.2A.{part}]`" in documented


@pytest.mark.slow
def test_what_is_advised_is_right(documented, tmp_path):
    (tmp_path / "secret.txt").write_text("a secret of enough bytes")
    blocks = re.findall(r"^```toml\n(.*?)^```", documented, re.M | re.S)
    assert len(blocks) == 7
    for block in blocks:
        file = tmp_path / "rubric.toml"
        file.write_text(block)
        load_rubric(file, collect(bonus=True, lab=rubric_lab(file)))
    table = documented.partition("| to have | write |")[2].partition("\n\n")[0]
    formulas = re.findall(r"\| `(.*)` \|", table)
    assert len(formulas) == 3
    for formula in formulas:
        check_formula(formula, 20)
