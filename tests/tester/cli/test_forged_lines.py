"""What submissions write begins no line of a terminal, and commands no CI job."""

import pytest

# Its process reports a failure in the lab's own words, with lines of its own in it.
FORGES = """
import collections
real = collections._sys.modules
box, codes = real["labrpc.simulated.context"].current_box(), real["labrpc.codes"]
box.reports.fail(codes.RAISES_WHEN_LOADED, "it does not load\\n::error::HEAD",
    "::stop-commands::x9\\nFORGED: 100 of 100 points\\n" + "long " * 60 + "\\r::error::WRAP"
    "\\n##[error]OLD\\n##vso[task.complete result=Succeeded;]AZURE")
class Raft: ...
"""
# What any Raft can do: print, raise, warn, name threads, and be called what it likes.
RAISES = """
import threading
LINES = "x\\n::error::RAISED\\nFORGED: 100 of 100 points\\r::error::AGAIN\\x0b::error::VT"
class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        print(LINES)
        if me == 2:
            threading.Thread(target=self.fail, name=LINES).start()
    def fail(self):
        raise type("E" + LINES, (Exception,), {})(LINES)
    def get_state(self):
        return 1, False
    def start(self, command):
        return -1, 1, False
"""
SYNTAX = "::error file=raft.py::SOURCE\n"
FORGED = ("FORGED", "HEAD", "RAISED", "AGAIN", "VT", "WRAP", "OLD", "AZURE", "SOURCE")


def check(text):
    """Fail if a line is a command, or begins with what a submission wrote."""
    assert any(word in text for word in FORGED), text
    # GitHub's runner takes each of these for the end of a line, and trims it.
    for line in text.replace("\r", "\n").splitlines():
        assert not line.strip().startswith("::"), line
        assert "##[" not in line
        assert "##vso[" not in line
        assert not line.startswith(FORGED), line


@pytest.mark.slow
def test_the_graders_lines_are_its_own(tmp_path, shell):
    students = tmp_path / "class"
    for name, text in {
        "forges": FORGES,
        "raises": RAISES,
        "::error title=NAME::student": SYNTAX,
    }.items():
        (students / name).mkdir(parents=True)
        (students / name / "raft.py").write_text(text)
    (students / "empty").mkdir()
    (students / "empty" / "a\n::error::FORGED\nFORGED.txt").touch()
    command = (
        "raft-lab class --tests test_initial_election --jobs 1 --out grades --verbose"
    )
    done = shell(command, tmp_path)
    for name in ("forges", "raises", "student", "empty"):
        assert f"{name}: 0 of 6 points" in done.stdout, done.stdout + done.stderr
    check(done.stdout + done.stderr)
    for report in (tmp_path / "grades").rglob("report.md"):
        check(f"{report.read_text()} SOURCE")


@pytest.mark.slow
@pytest.mark.parametrize("options", ["", "-s -v --seeds 2"])
def test_pytests_lines_are_its_own(tmp_path, shell, project, options):
    (tmp_path / "raft.py").write_text(RAISES)
    suite = project / "tests" / "lab2" / "test_2a_election.py"
    command = f"pytest {suite}::test_initial_election --submission {tmp_path} {options}"
    done = shell(command, tmp_path, CI="true")
    assert " failed in " in done.stdout, done.stdout
    check(done.stdout + done.stderr)


def test_a_name_begins_no_line_of_a_usage_error(tmp_path, shell, project):
    (tmp_path / "a\n::error::FORGED\nFORGED.txt").touch()
    suite = project / "tests" / "lab2" / "test_2a_election.py"
    done = shell(f"pytest {suite} --submission {tmp_path}", project)
    assert done.returncode == 4
    check(done.stdout + done.stderr)
