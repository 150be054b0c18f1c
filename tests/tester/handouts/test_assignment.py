"""The pages of an assignment: what the lab knows, and nothing else."""

import re

import pytest

import grade
from tester.handouts.assignment import part_sheets
from tester.handouts.assignment_pages import write_pages
from tester.handouts.documents import contract_limits, part_hints
from tester.judging.own_suite import read_own_suite
from tester.judging.run import blank_run
from tester.judging.suite import collect
from tester.reports.pages import page
from tester.scoring.rubric_file import default_rubric, load_rubric

SUITE = '''\
"""Part 9A: calm <clusters> & `code`."""

import pytest

pytestmark = pytest.mark.part("9A")


@pytest.mark.points(4)
@pytest.mark.hidden
@pytest.mark.cluster(servers=3)
def test_trap(cluster):
    """A trap that nobody knows."""


@pytest.mark.points(1)
@pytest.mark.cluster(
    servers=5, servers_min=3, reliable=False, snapshots=True, persistence=True
)
def test_shown(cluster):
    """Five & fewer servers, with `code`.

    More than the first
    line.
    """
    cluster.check_one_leader()
'''
RUBRIC = """\
[seeds]
count = 5
hidden = 20
secret_file = "secret.txt"
[policy]
rule = "share"
[parts.9A]
extra = true
safety_cap = 0.5
"""


@pytest.fixture(scope="module")
def tests(tmp_path_factory, suite):
    """Return a test of the lab, and those of an own suite."""
    folder = tmp_path_factory.mktemp("course") / "suite-autumn"
    folder.mkdir()
    (folder / "test_calm.py").write_text(SUITE)
    (folder.parent / "secret.txt").write_text("0123456789abcdef")
    (folder.parent / "rubric.toml").write_text(RUBRIC)
    of_lab = [test for test in suite if test.name == "test_initial_election"]
    return [*of_lab, *read_own_suite(folder, suite).tests]


@pytest.fixture(scope="module")
def sheets(tests):
    rubric = load_rubric(tests[-1].suite.parent / "rubric.toml", tests)
    return part_sheets(rubric, tests)


@pytest.fixture(scope="module")
def written(sheets, tmp_path_factory):
    """Return the pages as text, by name."""
    files = write_pages(tmp_path_factory.mktemp("pages") / "out", sheets)
    return {file.name: file.read_text() for file in files}


def test_hints_and_limits_are_those_of_the_documents(suite):
    hints = part_hints()
    assert "test_initial_election" in hints["2A"].tests
    assert hints["2A"].first_of_all.startswith("does every branch of `request_vote`")
    for test in suite:
        assert hints[test.part].tests[test.name], test.name
    limits = contract_limits("docs/contract.md")
    assert limits[0] == ("a leader, while a majority is connected", "within 5 s")
    assert len(limits) == 15


def test_a_sheet_has_what_rubric_docstring_and_a_run_say(sheets):
    of_lab, own = sheets
    assert (of_lab.name, of_lab.topic) == (
        "2A",
        "leader election (sections 5.1 and 5.2)",
    )
    assert of_lab.points == "6 points"
    assert of_lab.seeds == (
        "5 seeds that you know (0 to 4) and 20 seeds that nobody knows beforehand"
    )
    assert "a candidate is elected at the first try" in of_lab.situations
    assert re.fullmatch(
        r"3\.\d virtual seconds, .* RPCs, .* commits", of_lab.tests[0].cost
    )
    assert (of_lab.command, own.command) == ("pytest -k 2A", "pytest suite-autumn")
    assert own.points == "5 extra points"
    assert own.earned == [
        "each test earns its points in proportion to the seeds at which it passes",
        "the rubric leaves at most 50 % of the points if any run breaks a safety property",
    ]
    assert own.hidden == "1 hidden test with 4 points"
    (shown,) = own.tests
    assert (shown.name, shown.more) == ("test_shown", "More than the first line.")
    assert shown.cluster == (
        "3 to 5 servers, as the seed has it; a network that loses, delays and reorders; "
        "services that take snapshots; it is checked that servers save what others rely on"
    )


def test_the_pages_show_no_hidden_test_and_escape_the_rest(written, made_up):
    assert set(written) == {
        "part_2A.md", "part_2A.html", "part_9A.md", "part_9A.html",
    }  # fmt: skip
    for name in ("part_9A.md", "part_9A.html"):
        assert "test_trap" not in written[name]
        assert "A trap that nobody knows" not in written[name]
        assert "1 hidden test with 4 points" in written[name]
        assert "kept from you until then" in written[name]
    assert (
        "<h1>Part 9A: calm &lt;clusters&gt; &amp; `code`</h1>"
        in written["part_9A.html"]
    )
    assert (
        "<p>Five &amp; fewer servers, with <code>code</code>. More"
        in written["part_9A.html"]
    )
    for name, text in written.items():
        if name.endswith(".html"):
            page = made_up.Page(text.encode())
            assert not {tag for tag, _ in page.elements} & {"script", "img", "link"}
        else:
            assert not re.search(r"\n\n\n|{[{%]", text), name


def test_hints_come_in_steps_that_are_folded(written):
    for text in (written["part_2A.md"], written["part_2A.html"]):
        steps = [text.index(f"<summary>{words}") for words in (
            "What happens in runs", "Where to look if any", "Where to look if this",
        )]  # fmt: skip
        assert steps == sorted(steps)
        assert text.count("<details>") == text.count("</details>") == 3
    assert "<code>request_vote</code> return a reply" in written["part_2A.html"]


def test_without_seeds_of_a_rubric_all_is_known(suite):
    tests = [test for test in suite if test.name == "test_initial_election"]
    (sheet,) = part_sheets(default_rubric(tests), tests)
    assert sheet.seeds == "1 seed that you know (0)"
    assert sheet.hidden == ""


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("part", "documents", "has_all_rules"),
    [
        ("2P", ["docs/contract.md", "docs/contract_bonus.md"], False),
        ("2X", ["docs/contract.md"], True),
    ],
)
def test_bonus_parts_and_the_adversary_say_what_they_add(
    part, documents, has_all_rules, monkeypatch
):
    monkeypatch.setattr("tester.handouts.assignment.run_test", lambda *_, **__: a_run)
    first = collect([part])[0]
    a_run = blank_run(first, "reference", 0)
    (sheet,) = part_sheets(default_rubric([first]), [first])
    assert (sheet.documents, sheet.has_all_rules) == (documents, has_all_rules)
    for suffix in ("md", "html"):
        text = page(f"handout.{suffix}", sheet=sheet, names=[part]).decode()
        assert ("No new ones" in text) == has_all_rules
        assert ("contract_bonus.md" in text) == (part == "2P")
        assert " says what it gets" in text or " say what it gets" in text


def test_parts_of_lab_3_say_what_to_write_and_what_can_fail(service_suite, monkeypatch):
    monkeypatch.setattr("tester.handouts.assignment.run_test", lambda *_, **__: a_run)
    tests = [
        next(test for test in service_suite if test.part == part)
        for part in ("3A", "3B", "3C", "3X")
    ]
    a_run = blank_run(tests[0], "reference", 0)
    sheets = {sheet.name: sheet for sheet in part_sheets(default_rubric(tests), tests)}
    rsm, kv = sheets["3A"], sheets["3B"]
    assert "a submit did not return" in " ".join(rsm.failures).lower()
    assert rsm.documents == kv.documents == ["docs/contract_kv.md", "docs/contract.md"]
    assert rsm.limits[0][1] == "returns within 10 s"
    assert kv.tests[0].cluster == "5 servers; 1 client"
    assert sheets["3C"].tests[0].cluster.endswith("`max_raft_state` is 1,000")
    assert [sheet.name for sheet in sheets.values() if sheet.has_all_rules] == ["3X"]
    assert all(sheet.tests[0].hint for sheet in sheets.values())
    text = page("handout.md", sheet=rsm, names=["3A"]).decode()
    assert "Write the class `RSM` in `rsm/rsm.py` and pass the tests below." in text
    assert "## Failures that come into play" in text
    html = page("handout.html", sheet=kv, names=["3B"]).decode()
    assert "Write the classes <code>KVServer</code> and <code>Clerk</code>" in html


def test_without_the_labs_own_service_pages_have_no_costs(service_suite, monkeypatch):
    monkeypatch.setattr("tester.handouts.assignment.example_service", lambda _: None)
    (sheet,) = part_sheets(default_rubric(service_suite[:1]), service_suite[:1])
    assert (sheet.cost, sheet.tests[0].cost) == ("", "")


@pytest.mark.unmeasured
def test_the_command_writes_only_to_a_new_folder(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("tester.cli.handout.part_sheets", lambda *_: [])
    (tmp_path / "mine.txt").write_text("")
    assert grade.main(["handout", str(tmp_path)]) == 2
    assert "exists and is not empty" in capsys.readouterr().err
    assert grade.main(["handout", str(tmp_path / "new"), "--parts", "9Z"]) == 2
    assert "no part 9Z" in capsys.readouterr().err


def test_the_command_names_what_it_wrote(tmp_path, capsys, monkeypatch, sheets):
    monkeypatch.setattr("tester.cli.handout.part_sheets", lambda *_: sheets)
    assert grade.main(["handout", str(tmp_path / "new"), "--parts", "2A"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert said.endswith("part_2A.md, part_2A.html, part_9A.md, part_9A.html")
