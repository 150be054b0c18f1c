"""Submissions of a few lines that misbehave in one way, and pytest run from outside."""

import importlib.util
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from labrpc.submission.submission import Submission
from tester.judging.graded_test import GradedTest
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import collect
from tester.scenario.checks import CheckedCluster
from tester.verdict import Run

try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sync_playwright = None

ROOT = Path(__file__).resolve().parents[2]

# No Raft, but a dictatorship: server 0 leads term 1 for ever, and every server
# applies what it is sent, in order. While nothing fails, that passes each check: the
# others hail server 0 twice, so that it has been answered as an elected leader is.
# A test overrides the one method in which its submission is to misbehave. Where what
# is voted for and committed has to be persisted, it needs VOTES as well.
DICTATOR = """\
import threading, time
from labrpc import ApplyMsg

class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me, self.persister = peers, me, persister
        self.apply_ch = apply_ch
        self.started = self.applied = 0
        self.term, self.voters = 1, set()
        self.turn = threading.Condition()
        self.set_up()
        if me != 0:
            threading.Thread(target=self.hail).start()

    def hail(self):
        hails = 0
        time.sleep(0.001)  # Nothing is connected before all servers are up.
        while hails < 2:
            hails += self.peers[0].call("Raft.hailed", (self.me, hails)) is not None

    def hailed(self, args):
        server, hails = args
        if hails:
            self.voters.add(server)
        return True

    def leads(self):
        return self.me == 0 and 2 * len(self.voters) + 2 > len(self.peers)

    def set_up(self):
        pass

    def get_state(self):
        return self.term, self.leads()

    def start(self, command):
        if not self.leads():
            return -1, self.term, False
        self.started += 1
        for peer in self.peers:
            self.send(peer, (self.started, command))
        return self.started, self.term, True

    def send(self, peer, entry):
        threading.Thread(target=peer.call, args=("Raft.take", entry)).start()

    def take(self, entry):
        index, command = entry
        self.store()
        with self.turn:
            self.turn.wait_for(lambda: self.applied == index - 1)
            self.apply(index, command)
            self.applied = index
            self.turn.notify_all()

    def store(self):
        self.save()

    def save(self):
        self.persister.save(
            self.persister.read_raft_state(), self.persister.read_snapshot()
        )

    def apply(self, index, command):
        self.apply_ch.put(ApplyMsg(True, command, index))

    def snapshot(self, index, snapshot):
        self.persister.save(b"", snapshot)
"""

VOTES = """
def set_up(self):
    if self.me != 0:
        self.save()
def store(self):
    self.save()
    time.sleep(0.05)  # Others store it meanwhile.
"""

# Where leaders need not have been elected, no RPC comes by itself.
UNELECTED = """
def hail(self):
    pass
def leads(self):
    return self.me == 0
"""

Dictator = Callable[..., Submission]
MakeCluster = Callable[..., CheckedCluster]
RunScenario = Callable[..., Run]


@pytest.fixture(scope="session")
def dictator_source() -> str:
    """Return the source of a dictator: it passes while nothing fails."""
    return DICTATOR


@pytest.fixture
def dictator(tmp_path: Path) -> Dictator:
    """Return a function that writes a dictator with some methods overridden."""

    def write(override: str = "", name: str = "fake") -> Submission:
        directory = tmp_path / name
        directory.mkdir(exist_ok=True)
        methods = textwrap.indent(textwrap.dedent(override), "    ")
        (directory / "raft.py").write_text(f"{DICTATOR}\n{methods}\n")
        return Submission.find(directory)

    return write


@pytest.fixture
def make_cluster(dictator: Dictator) -> Iterator[MakeCluster]:
    """Return a function that boots a cluster of dictators with some methods overridden."""
    made: list[CheckedCluster] = []

    def make(override: str = "", servers: int = 3, **options: bool) -> CheckedCluster:
        submission = dictator(UNELECTED + textwrap.dedent(override))
        cluster = CheckedCluster(submission, "own tests", servers, **options)
        made.append(cluster)
        cluster.boot()
        return cluster

    yield make
    for cluster in made:
        cluster.close()


@pytest.fixture(scope="session")
def suite() -> list[GradedTest]:
    """Return the graded suite."""
    return collect()


@pytest.fixture(scope="session")
def service_suite() -> list[GradedTest]:
    """Return the graded suite of lab 3."""
    return collect(lab=3)


@pytest.fixture(scope="session")
def graded_tests(suite: list[GradedTest]) -> dict[str, GradedTest]:
    """Return the graded suite by name."""
    return {test.name: test for test in suite}


@pytest.fixture
def run_scenario(
    dictator: Dictator, graded_tests: dict[str, GradedTest]
) -> RunScenario:
    """Return a function that runs a graded test against an overridden dictator."""

    def run(test: str, override: str = "", seed: int = 0) -> Run:
        return run_test(RunConditions(dictator(override), graded_tests[test], seed))

    return run


# What a student's installation has no plugins of, and takes half of pytest's start; and
# no pictures of runs that fail, which take as long again, but where a test asks for them.
CHILD_OPTIONS = "-p no:hypothesispytest -p no:benchmark --lab-pictures 0"


def environment_of_child(**variables: str | None) -> dict[str, str]:
    """Return the environment of a process as a person would start it.

    Keywords are added; None removes a variable.
    """
    environment = dict(os.environ)
    # Neither this session's own options nor a colourful terminal may show, nor
    # that it runs in CI, where pytest sums failures up at full length.
    for name in ("PYTHONHASHSEED", "FORCE_COLOR", "NO_COLOR", "CI", "BUILD_NUMBER"):
        environment.pop(name, None)
    environment["PYTEST_ADDOPTS"] = CHILD_OPTIONS
    bin_ = str(Path(sys.executable).parent)
    environment["PATH"] = os.pathsep.join([bin_, environment["PATH"]])
    for name, value in variables.items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    return environment


@pytest.fixture(scope="session")
def shell() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs a command line as a person would, from a directory.

    Keywords are added to the environment; None removes a variable.
    """

    def run(
        command: str, directory: Path, **variables: str | None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            shell=True,
            cwd=directory,
            env=environment_of_child(**variables),
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture(scope="session")
def example() -> Callable[[str], Path]:
    """Return a function that finds an example submission, or the reference."""

    def find(name: str) -> Path:
        return ROOT / "raft" if name == "raft" else ROOT / "tests/submissions" / name

    return find


@pytest.fixture(scope="session")
def project() -> Path:
    """Return the root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def made_up() -> ModuleType:
    """Return the module that makes grades up."""
    file = Path(__file__).parent / "reports" / "made_up_grades.py"
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# A real browser: Chromium of the system, driven by Playwright.

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-sync", "--disable-component-update",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    """Return Chromium, or skip; with LAB_BROWSER=required, as in CI, fail."""
    if sync_playwright is None or CHROMIUM is None:
        missing = "needs `pip install playwright` and Debian's package chromium"
        if os.environ.get("LAB_BROWSER") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def show(browser):
    """Return a function that opens a page, and fails on any error of its script."""
    errors, pages = [], []

    def show(file, fragment="", width=1280, scheme="light", scripts=True):
        page = browser.new_page(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=scripts,
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"file://{file}{fragment}")
        pages.append(page)
        return page

    yield show
    for page in pages:
        page.close()
    assert errors == []
