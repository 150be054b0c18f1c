"""Finding a submission and running its modules, once per incarnation."""

import sys

import pytest

from labrpc.errors import LoadError, SubmissionError
from labrpc.submission import submission as submission_module
from labrpc.submission.submission import Submission

INIT = "def __init__(self, peers, me, persister, apply_ch): self.me = me"
RAFT = f"class Raft:\n    {INIT}\n    def look(self): return look()\n"
PLAIN = RAFT + "def look(): return 'here'\n"

LAYOUTS = {
    "a directory with raft/": ({"raft/__init__.py": PLAIN}, ""),
    "the package raft/ itself": ({"raft/__init__.py": PLAIN}, "raft"),
    "a package of another name": ({"alice/__init__.py": PLAIN}, "alice"),
    "a flat raft.py": ({"raft.py": PLAIN}, ""),
    "a single file of any name": ({"alice.py": PLAIN}, "alice.py"),
    "a single file that is no identifier": ({"hand-in 2.py": PLAIN}, "hand-in 2.py"),
    "a single file that builds upon the raft/ beside it": (
        {
            "alice.py": "from raft.core import Raft",
            "raft/__init__.py": "",
            "raft/core.py": PLAIN,
            "bob.py": "1/0",
        },
        "alice.py",
    ),
    "no __init__": ({"raft/raft.py": PLAIN}, ""),
    "no __init__, named itself": ({"raft/raft.py": PLAIN}, "raft"),
    "an empty __init__": ({"raft/__init__.py": "", "raft/raft.py": PLAIN}, ""),
    "an __init__ that re-exports": (
        {"raft/__init__.py": "from .raft import Raft", "raft/raft.py": PLAIN},
        "",
    ),
    "a package beside an older raft.py": (
        {"raft/__init__.py": PLAIN, "raft.py": "1/0"},
        "",
    ),
    "a raft.py beside a folder that is no package": (
        {"raft.py": PLAIN, "raft/raft.py": "1/0"},
        "",
    ),
    "a single file whose ending is in capitals": ({"ALICE.PY": PLAIN}, "ALICE.PY"),
    "neighbours that are not loaded": (
        {"raft/__init__.py": PLAIN, "setup.py": "1/0", "tests/x.py": "1/0"},
        "",
    ),
}

WITH_CONTRACT = "from labrpc import ApplyMsg\n" + PLAIN.replace(
    "'here'", "ApplyMsg.__module__"
)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout_is_found(lab, layout):
    files, inside = LAYOUTS[layout]
    world = lab.world(lab.write(files) / inside)
    assert world.invoke(0, "look") == "here"


def test_in_a_copy_of_the_whole_lab_the_contract_is_the_labs_own(lab):
    files = {
        "raft/__init__.py": WITH_CONTRACT,
        "labrpc/__init__.py": "class ApplyMsg: pass\n",
        "tester/__init__.py": "",
        "grade.py": "1/0",
    }
    path = lab.write(files)
    assert set(Submission.find(path).files) == {"raft"}
    assert lab.world(path).invoke(0, "look") == "labrpc.contract"


IMPORTS = {
    "relative": "from .log import where",
    "relative module": "from . import log\nwhere = log.where",
    "relative module as": "from . import log as l\nwhere = l.where",
    "relative from a sub-package": "from .sub.deep import where",
    "absolute": "from raft.log import where",
    "absolute module": "import raft.log\nwhere = raft.log.where",
    "absolute as": "import raft.log as r\nwhere = r.where",
    "absolute deep": "import raft.sub.deep\nwhere = raft.sub.deep.where",
    "absolute deep as": "import raft.sub.deep as d\nwhere = d.where",
    "star": "from raft.log import *",
    "by name": "import importlib\nwhere = importlib.import_module('.log', 'raft').where",
    "of a neighbour": "import shared\nwhere = shared.where",
    "of a neighbouring package": "from other.part import where",
    "of a neighbouring folder": "from loose.part import where",
    "of a neighbouring folder deep down": "from docs.deep.part import where",
    "of the standard library": "import queue\nwhere = queue.Queue.__name__",
    "of a package with a module beside it": "from .double import where",
    "of a module with a folder beside it": "from twice import where",
    "in a cycle": "from .left import where",
    "in a cycle of modules": "import raft.ping as p\nwhere = p.where",
}
FILES = {
    "raft/log.py": "where = 'log'",
    "raft/sub/__init__.py": "",
    "raft/sub/deep.py": "from ..log import where\nfrom .. import log",
    "raft/left.py": "from . import right\nwhere = 'left'\ndef f(): return right.g()",
    "raft/right.py": "from . import left\ndef g(): return left.where",
    "raft/ping.py": "import raft.pong as pong\nwhere = 'ping'",
    "raft/pong.py": "import raft.ping as ping\nassert not hasattr(ping, 'where')",
    "shared.py": "where = 'shared'",
    "other/__init__.py": "",
    "other/part.py": "from other import part\nwhere = 'part'",
    "loose/part.py": "from . import more\nwhere = more.name",
    "loose/more.py": "name = 'loose'",
    "docs/deep/part.py": "where = 'deep'",
    "queue/old.py": "",
    "raft/double.py": "where = 'a module'",
    "raft/double/__init__.py": "where = 'a package'",
    "twice.py": "where = 'twice'",
    "twice/old.py": "",
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "when"),
    # `import *` is only allowed at module level.
    [(kind, "at run time") for kind in IMPORTS if kind != "star"]
    + [(kind, "at the top") for kind in IMPORTS],
)
def test_import_works(lab, kind, when):
    imports = IMPORTS[kind]
    if when == "at the top":
        main = f"{RAFT}{imports}\ndef look(): return where\n"
    else:
        body = imports.replace("\n", "\n    ")
        main = f"{RAFT}def look():\n    {body}\n    return where\n"
    world = lab.world(lab.write({**FILES, "raft/__init__.py": main}))
    expected = {"relative from a sub-package": "log", "absolute deep": "log",
                "absolute deep as": "log", "of a neighbour": "shared",
                "of a neighbouring package": "part", "in a cycle": "left",
                "of a neighbouring folder": "loose",
                "of a neighbouring folder deep down": "deep",
                "of the standard library": "Queue",
                "of a package with a module beside it": "a package",
                "of a module with a folder beside it": "twice",
                "in a cycle of modules": "ping"}.get(kind, "log")  # fmt: skip
    assert world.invoke(0, "look") == expected


LED = {
    "raft/__init__.py": "LEAD\nfrom node import look\nfrom deep.er import where\n"
    + RAFT,
    "raft/node.py": "import queue\ndef look():\n    import late\n    return late.here\n",
    "raft/late.py": "here = __name__\n",
    "raft/deep/__init__.py": "",
    "raft/deep/er.py": "where = 0\n",
}
LEADS = {
    "dirname": "sys.path.insert(0, os.path.dirname(__file__))",
    "abspath": "sys.path.append(os.path.dirname(os.path.abspath(__file__)))",
    "join": "sys.path.append(os.path.join(os.path.dirname(__file__), '..', 'raft'))",
    "pathlib": "sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))",
    "a path": "sys.path.insert(0, pathlib.Path(__file__).absolute().parent)",
    "relative": "sys.path.append('raft')",
}


@pytest.mark.parametrize("how", LEADS)
def test_modules_are_found_where_a_submission_has_led_its_path(lab, how):
    lead = f"import os, pathlib, sys\n{LEADS[how]}"
    files = {name: text.replace("LEAD", lead) for name, text in LED.items()}
    path = lab.write(files)
    assert lab.world(path).invoke(0, "look") == "late"
    told = (
        r"No module named 'node': the one in raft/ is imported by `from \. import node`"
    )
    with pytest.raises(LoadError, match=told):
        lab.world(lab.write({**LED, "raft/__init__.py": "import sys, node\n" + RAFT}))


def test_a_path_leads_to_nothing_outside_the_submission(lab, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "node.py").write_text("")
    lead = f"import sys\nsys.path.insert(0, {str(tmp_path / 'elsewhere')!r})\nimport node\n"
    with pytest.raises(LoadError, match="No module named 'node'"):
        lab.world(lab.write({"raft/__init__.py": lead + RAFT}))


def test_folders_beside_the_raft_that_hold_too_much_are_no_packages(lab, monkeypatch):
    monkeypatch.setattr(submission_module, "FILES_MAX", 4)
    small = {"raft.py": "from impl.core import Raft, look", "impl/core.py": PLAIN}
    large = {f"experiments/e{n}.py": "1/0" for n in range(9)}
    path = lab.write(small | large)
    assert Submission.find(path).files.keys() == {"raft", "impl", "impl.core"}
    assert lab.world(path).invoke(0, "look") == "here"


def test_what_a_folder_beside_the_raft_links_to_is_not_read(lab, tmp_path):
    (tmp_path / "secret.py").write_text("the secret")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.py").write_text("the secret")
    path = lab.write({"raft.py": PLAIN, "impl/core.py": ""}, at="alice")
    (path / "impl" / "secret.py").symlink_to(tmp_path / "secret.py")
    (path / "linked").symlink_to(tmp_path / "elsewhere")
    found = [file for file in Submission.find(path).files.values() if file]
    assert found == [path / "raft.py", path / "impl" / "core.py"]


@pytest.mark.parametrize("folder", ["env", "."])
def test_what_is_installed_in_a_virtual_environment_is_none_of_the_submissions(
    lab, folder
):
    """Not even if the environment is the repository itself."""
    installed = ("lib/python3.12/x.py", "lib/site-packages/raft/raft.py", "bin/y.py")
    path = lab.write(
        {
            "raft.py": PLAIN,
            "impl/core.py": "",
            f"{folder}/pyvenv.cfg": "",
            **{f"{folder}/{name}": "1/0" for name in installed},
        }
    )
    assert Submission.find(path).files.keys() == {"raft", "impl", "impl.core"}


def test_a_module_that_is_missing_is_named(lab):
    files = {"raft/__init__.py": RAFT + "def look():\n    import raft.nothing\n"}
    world = lab.world(lab.write(files))
    with pytest.raises(SubmissionError, match=r"No module named 'raft.nothing'"):
        world.invoke(0, "look")


COUNTING = {
    "raft/__init__.py": RAFT + "from . import state\ndef look(): return state.bump()\n",
    "raft/state.py": "n = 0\ndef bump():\n    global n\n    n += 1\n    return n\n",
}


def test_globals_are_each_servers_own_and_die_with_it(lab):
    world = lab.world(lab.write(COUNTING), servers=2)
    assert [world.invoke(0, "look") for _ in range(3)] == [1, 2, 3]
    assert world.invoke(1, "look") == 1
    world.crash(0)
    world.start(0)
    assert world.invoke(0, "look") == 1
    assert world.invoke(1, "look") == 2


def test_patched_standard_modules_are_whole_again_in_the_next_world(lab):
    patch = "import threading, time\ndef look():\n    was = time.time\n"
    patch += "    time.time = threading.Lock = 5\n    return was != 5\n"
    from labrpc.box.in_process_box import restore_process

    for _ in range(2):
        restore_process()
        assert lab.world(RAFT + patch).invoke(0, "look")
    restore_process()


def fails(lab, files):
    path = lab.write(files, at="work") if isinstance(files, dict) else files
    with pytest.raises(LoadError) as failed:
        lab.world(path)
    return f"{failed.value.code.name}: {failed.value}"


def test_syntax_error_names_file_line_and_place(lab):
    told = fails(lab, {"raft/__init__.py": PLAIN + "import raft.bad", "raft/bad.py": "x = 1\nif x\n"})  # fmt: skip
    assert "syntax error in raft/bad.py, line 2" in told
    assert "if x\n" in told
    assert told.splitlines()[-1].strip() == "^"


def test_a_file_that_is_no_text_in_utf_8_has_no_line(lab):
    path = lab.write({"raft.py": PLAIN}, at="work")
    (path / "raft.py").write_bytes(PLAIN.encode("utf-16"))
    told = fails(lab, path)
    assert "syntax error in raft.py: " in told
    assert "in UTF-8" in told


def test_a_package_that_is_not_there_is_said_never_to_be(lab):
    told = fails(lab, {"raft.py": "import no_numpy\n" + PLAIN})
    assert told.startswith("missing-module: ")
    assert "No module named 'no_numpy' (raft.py:1), while it was loaded" in told
    assert "can import the standard library" in told


def test_a_program_is_told_where_it_ends_and_what_to_do(lab):
    told = fails(lab, {"raft.py": PLAIN + "\nimport sys\nsys.exit(2)"})
    assert "it called sys.exit(2) when it was loaded" in told
    assert "in <module>\n        sys.exit(2)\n" in told
    assert "if __name__ == '__main__':" in told


def test_missing_class_is_named_with_those_found(lab):
    told = fails(lab, {"raft.py": "class raft: pass\nclass Server: pass"})
    assert "defines no class Raft" in told
    assert "Server, raft" in told


def test_wrong_constructor_is_shown_beside_the_right_one(lab):
    told = fails(lab, {"raft.py": "class Raft:\n    def __init__(self, me): pass"})
    assert "def __init__(self, me)" in told
    assert "def __init__(self, peers, me, persister, apply_ch)" in told


def test_exception_at_import_names_the_line(lab):
    told = fails(lab, {"raft.py": "x = 1\ny = x / 0\n" + PLAIN})
    assert (
        "ZeroDivisionError: division by zero (raft.py:2), while it was loaded" in told
    )


def test_exception_in_the_constructor_names_the_line(lab):
    code = "class Raft:\n    def __init__(self, *args):\n        self.n = args[9]\n"
    told = fails(lab, {"raft.py": code})
    assert "IndexError: tuple index out of range (raft.py:3)" in told
    assert "constructor" in told


def test_exception_that_cannot_be_printed_is_reported_all_the_same(lab):
    code = "class Bad(Exception):\n    def __str__(self): raise ValueError\nraise Bad\n"
    assert "Bad" in fails(lab, {"raft.py": code})


def test_warnings_of_the_compiler_fail_nothing(lab):
    world = lab.world(RAFT + "def look(): return len('\\d')\n")
    assert world.invoke(0, "look") == 2


@pytest.mark.parametrize(
    ("files", "inside", "reason"),
    [
        ({"raft.py": PLAIN}, "nowhere", "does not exist"),
        ({"x.txt": ""}, "", "holds no submission"),
        ({"x.txt": "", "Raf/y.py": ""}, "", "there is Raf/, x.txt$"),
        ({f"{n}.txt": "" for n in range(9)}, "", r"there is 0.txt, .* 7.txt, …$"),
        ({"x.txt": ""}, "x.txt", "is not a Python file"),
        ({"raft/x.txt": ""}, "raft", "holds no submission"),
    ],
)
def test_missing_submission_is_refused(lab, files, inside, reason):
    path = lab.write(files) / inside
    with pytest.raises(LoadError, match=reason) as refused:
        Submission.find(path)
    assert refused.value.code.name == "no-submission"
    assert not Submission.looks_like_one(path)


@pytest.mark.parametrize("link", ["raft/secret.py", "secret.py", "raft/deep"])
def test_a_link_that_leads_out_is_refused_and_not_read(lab, tmp_path, link):
    root = tmp_path / "alice"
    (root / "raft").mkdir(parents=True)
    (root / "raft" / "__init__.py").write_text(PLAIN)
    (tmp_path / "bob").mkdir()
    (tmp_path / "bob" / "answers.py").write_text("the secret")
    target = "bob/answers.py" if link.endswith(".py") else "bob"
    (root / link).symlink_to(tmp_path / target)
    with pytest.raises(LoadError, match="leads out of the submission") as refused:
        Submission.find(root)
    assert refused.value.code.name == "link-leads-out"
    # It is one all the same, and no folder of several.
    assert Submission.looks_like_one(root)


def test_a_link_within_the_submission_is_followed(lab, tmp_path):
    (tmp_path / "raft").mkdir()
    (tmp_path / "raft" / "core.py").write_text(PLAIN)
    (tmp_path / "raft" / "__init__.py").symlink_to("core.py")
    assert "raft" in Submission.find(tmp_path).files


def test_a_file_that_is_gone_is_a_load_error(lab):
    submission = Submission.find(lab.write({"raft.py": PLAIN}))
    (submission.path / "raft.py").unlink()
    with pytest.raises(LoadError, match=r"cannot read raft\.py") as failed:
        submission.code("raft")
    assert failed.value.code.name == "unreadable-file"


def test_a_folder_with_too_many_files_is_refused(lab, monkeypatch):
    monkeypatch.setattr("labrpc.submission.submission.FILES_MAX", 2)
    files = {f"raft/{name}.py": "" for name in ("__init__", "log", "term")}
    with pytest.raises(LoadError, match="more than 2 Python files") as refused:
        Submission.find(lab.write(files))
    assert refused.value.code.name == "too-many-files"


def test_not_text_is_refused(lab):
    path = lab.write({"raft.py": ""})
    (path / "raft.py").write_bytes(b"x = '\xff\xfe'\0")
    assert "raft.py" in fails(lab, path)


class Marker:
    """Stands for the lab's own `raft` package among the process's modules."""


def test_sys_modules_is_as_before_once_the_world_is_closed(lab, monkeypatch):
    own, child = Marker(), Marker()
    monkeypatch.setitem(sys.modules, "raft", own)
    monkeypatch.setitem(sys.modules, "raft.log", child)
    before = dict(sys.modules)
    files = {**FILES, "raft/__init__.py": RAFT + "from .log import where\nimport shared\n"
             "def look():\n    from raft import log, left\n    return log.where\n"}  # fmt: skip
    world = lab.world(lab.write(files), servers=2)
    for server in (0, 1, 0):
        assert world.invoke(server, "look") == "log"
    world.crash(1)
    world.start(1)
    world.close()
    assert {n: m for n, m in sys.modules.items() if before.get(n) is not m} == {}
    assert sys.modules["raft"] is own
    assert sys.modules["raft.log"] is child


def test_sys_modules_is_as_before_after_a_failed_load(lab, monkeypatch):
    own = Marker()
    monkeypatch.setitem(sys.modules, "raft", own)
    before = dict(sys.modules)
    fails(lab, {"raft/__init__.py": "from . import log\n1 / 0", "raft/log.py": ""})
    lab.close()
    assert sys.modules == before
    assert sys.modules["raft"] is own


def test_a_submission_never_sees_the_labs_own_raft(lab, monkeypatch):
    monkeypatch.setitem(sys.modules, "raft", Marker())
    monkeypatch.setitem(sys.modules, "raft.messages", Marker())
    source = RAFT + "def look():\n    import raft.messages\n"
    world = lab.world(lab.write({"raft/__init__.py": source}))
    with pytest.raises(SubmissionError, match=r"No module named 'raft.messages'"):
        world.invoke(0, "look")


def test_files_that_the_lab_has_added_are_named_by_their_module(lab, tmp_path):
    raft = tmp_path / "elsewhere" / "raft.py"
    own = Submission.find(lab.write({"raft/__init__.py": RAFT}))
    found = own.with_modules({"below.raft": raft})
    assert found.relative(found.root / "raft/__init__.py") == "raft/__init__.py"
    assert found.relative(raft) == "below/raft.py"
    assert found.relative(tmp_path / "else.py") == "else.py"
