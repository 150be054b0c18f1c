"""Shards of a grading, and merging them into what one machine would have written."""

import json
import re
import shutil
import zipfile
from pathlib import Path

import msgspec
import pytest

import grade
from tester import jsonl
from tester.errors import UsageError
from tester.grading import journal
from tester.grading.merge import Merge
from tester.grading.relative_costs import RELATIVE_COSTS, relative_cost
from tester.grading.shard import Shard
from tester.grading.shard_folders import ShardFolders
from tester.judging.suite import collect
from tester.verdict import LoadResult, Run, Verdict

TESTS = "initial_election or basic_agreement"
WHAT = ["--tests", TESTS, "--seeds", "2", "--jobs", "1", "--isolation", "none"]
COUNT = 40
CPU_TIME = re.compile(rb'(cpu_s|duration|execution_time|time)(": ?|=")[\d.e-]+')


# The cut.


def test_every_pair_is_in_one_shard_and_stretches_of_them_cost_the_same():
    names = [f"student-{number}" for number in range(11)]
    tests = [test.name for test in collect()]
    shards = [
        Shard(number, COUNT).pairs(names, tests) for number in range(1, COUNT + 1)
    ]
    row = [(name, test) for name in names for test in tests]
    cut = [
        [(name, test) for name, test in row if test in shard[name]] for shard in shards
    ]
    assert [pair for pairs in cut for pair in pairs] == row
    costs = [sum(relative_cost(test) for _, test in pairs) for pairs in cut]
    mean = sum(costs) / COUNT
    dearest = max(map(relative_cost, tests))
    assert all(abs(cost - mean) <= dearest for cost in costs)
    assert max(len({name for name, _ in pairs}) for pairs in cut) <= 2


def test_more_shards_than_pairs_leave_some_empty():
    shards = [Shard(number, 5).pairs(["amy"], ["test_x"]) for number in range(1, 6)]
    assert [len(shard["amy"]) for shard in shards] == [0, 0, 1, 0, 0]


def test_every_test_has_a_known_cost():
    tests = [*collect(bonus=True), *collect(["3S"], lab=3)]
    assert RELATIVE_COSTS.keys() == {test.name for test in tests}
    # An instructor's own test counts as an ordinary one.
    costs = sorted(RELATIVE_COSTS.values())
    assert relative_cost("test_of_an_instructor") == costs[len(costs) // 2]


# Merging.


@pytest.fixture(scope="module")
def place(example, dictator_source, tmp_path_factory):
    """Return a folder with a class, and in `whole` its grading by one machine."""
    place = tmp_path_factory.mktemp("shards")
    folder = place / "class"
    folder.mkdir()
    for name in ("bob", "copy"):
        (folder / name).mkdir()
        (folder / name / "raft.py").write_text(dictator_source)
    shutil.copytree(example("no_raft_class"), folder / "dan")
    with zipfile.ZipFile(folder / "amy.zip", "w") as archive:
        deaf = "    def take(self, entry): pass"
        archive.writestr("raft.py", f"{dictator_source}\n{deaf}\n")
    (folder / "eve.zip").write_bytes(b"damaged")
    assert graded(place, "whole", *WHAT) == 0
    return place


def graded(place, out, *options):
    return grade.main([str(place / "class"), "--out", str(place / out), *options])


def files(out):
    """Return the content of all files of results by path, but for the journal."""
    return {
        str(file.relative_to(out)): file.read_bytes()
        for file in sorted(out.rglob("*"))
        if file.is_file() and file.name != journal.FILE
    }


def assert_same(one, other, without=lambda content: content):
    """Check that two folders of results hold the same, but for their own paths."""
    ours, theirs = files(one), files(other)
    assert ours.keys() == theirs.keys()
    for name, content in ours.items():
        moved = content.replace(str(one).encode(), str(other).encode())
        assert without(moved) == without(theirs[name]), name


def cut(place, into, count=COUNT):
    """Write the shards that other machines would have written of the grading."""
    whole = place / "whole"
    contents = journal.read(whole)
    originals = ["amy", "bob", "dan"]
    for number in range(1, count + 1):
        shard = Shard(number, count)
        pairs = shard.pairs(originals, contents.header.tests)
        out = into / str(number)
        shutil.copytree(whole / "unpacked", out / "unpacked")
        header = msgspec.structs.replace(contents.header, shard=shard)
        lines = [{"header": header}]
        for result in contents.results:
            mine = pairs[result.submission]
            if isinstance(result, LoadResult) and mine:
                lines.append({"load": result})
            elif isinstance(result, Run) and result.test in mine:
                lines.append({"run": result})
                if result.picture:
                    shutil.copytree(
                        whole / "submissions", out / "submissions", dirs_exist_ok=True
                    )
        lines.append({"finished": True})
        content = b"".join(jsonl.encode(line) + b"\n" for line in lines)
        (out / journal.FILE).write_bytes(content)
    return [into / str(number) for number in range(1, count + 1)]


def merged(out, shards, *options):
    return grade.main(["merge", *map(str, shards), "--out", str(out), *options])


@pytest.mark.slow
def test_forty_shards_merged_are_what_one_machine_writes(place, tmp_path, capsys):
    shards = cut(place, tmp_path)
    assert merged(tmp_path / "out", reversed(shards)) == 0
    said = capsys.readouterr().out
    assert "missing" not in said
    assert "note:" not in said
    assert_same(place / "whole", tmp_path / "out")
    pictures = list((tmp_path / "out").glob("submissions/*/test_*.html"))
    assert [picture.name for picture in pictures] == ["test_basic_agreement-seed0.html"]
    # The merged journal is that of a grading: its runs can be repeated.
    whole, joined = (journal.read(p) for p in (place / "whole", tmp_path / "out"))
    assert joined.finished
    # One had a line before it had a picture, too.
    assert len(joined.runs) == len(whole.runs) - 1 == 8
    assert merged(tmp_path / "out", shards, "--fail-under", "100") == 1


@pytest.mark.slow
def test_shards_that_are_missing_or_unfinished_leave_a_range(place, tmp_path, capsys):
    one, two, three, four = shards = cut(place, tmp_path, 4)
    lines = (one / journal.FILE).read_bytes().splitlines(keepends=True)
    (one / journal.FILE).write_bytes(b"".join(lines[:-2]) + b'{"run":{"to')
    shutil.rmtree(two)
    (four / journal.FILE).unlink()
    out = tmp_path / "out"
    assert merged(out, [one, three, four]) == 3
    said = capsys.readouterr().out
    assert f"note: no shard has begun in {four}" in said
    assert "missing: 2 shards of 4: 2, 4" in said
    assert f"unfinished: shard 1/4 in {one}, after 1 run: its command" in said
    results = json.loads((out / "results.json").read_text())
    codes = {run["code"] for run in results["runs"] if run["verdict"] == "unknown"}
    assert codes == {"not-run"}
    # One of them is run after all.
    assert graded(place, two, *WHAT, "--shard", "2/4") == 0
    assert sorted(file.name for file in two.glob("*.*")) == [journal.FILE]
    said = capsys.readouterr().out
    assert "shard 2/4: 2 of 4 runs passed, 2 failed, 0 without a verdict" in said
    assert graded(place, two, *WHAT, "--shard", "3/4", "--resume") == 2
    assert "different are --shard (2/4 then, 3/4 now)" in capsys.readouterr().err
    assert merged(out, [one, two, three, four]) == 3
    assert "missing: 1 shard of 4: 4" in capsys.readouterr().out
    # One machine makes what is missing still, and merging again does not lose it.
    assert graded(place, out, *WHAT, "--resume") == 0
    assert_same(place / "whole", out, lambda content: CPU_TIME.sub(b"", content))
    complete = files(out)
    assert merged(out, shards) == 0
    assert files(out) == complete


def rewrite_header(folder, **changes):
    """Change what a shard's header says."""
    first, *rest = (folder / journal.FILE).read_bytes().splitlines(keepends=True)
    header = json.loads(first)["header"] | changes
    line = json.dumps({"header": header}).encode() + b"\n"
    (folder / journal.FILE).write_bytes(b"".join([line, *rest]))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lab": "older"}, "different are the lab itself"),
        ({"rubric": {"parts": {}}}, "different are the rubric"),
        ({"python": "3.1"}, r"different are Python's version (.* in .*1, 3.1 in .*2)"),
        ({"submissions": []}, r"different are the submissions \(amy, bob, copy"),
        ({"shard": {"number": 2, "count": 3}}, "is shard 2/3, but .* is shard 1/2"),
        ({"shard": {"number": 1, "count": 2}}, "shard 1/2 is there twice, finished in"),
        ({"shard": None}, "2 holds a grading that was not cut into shards"),
        ({"version": 0, "seeds": "x"}, "is damaged, or another version of the lab"),
    ],
)
def test_shards_that_do_not_belong_together_are_refused(place, tmp_path, change, words):
    shards = cut(place, tmp_path, 2)
    rewrite_header(shards[1], **change)
    with pytest.raises(UsageError, match=words):
        ShardFolders.read(shards)


@pytest.mark.unmeasured
def test_what_is_no_shard_is_refused(place, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"no shard has begun in .*empty: name the"):
        ShardFolders.read([tmp_path / "empty"])
    with pytest.raises(UsageError, match="nowhere is no folder"):
        ShardFolders.read([tmp_path / "nowhere"])
    shards = cut(place, tmp_path, 2)
    for shard in shards:
        rewrite_header(shard, lab="another")
    with pytest.raises(UsageError, match=r"cannot be merged here: .* the lab itself;"):
        Merge(ShardFolders.read(shards), tmp_path / "out")


def test_another_grading_in_the_way_is_not_overwritten(place, tmp_path, capsys):
    shards = cut(place, tmp_path, 2)
    out = tmp_path / "out"
    shutil.copytree(place / "whole", out)
    lines = (out / journal.FILE).read_bytes().splitlines(keepends=True)
    (out / journal.FILE).write_bytes(b"".join(lines[:-1]))
    rewrite_header(out, preempt=True)
    assert merged(out, shards) == 2
    assert "holds a grading that was stopped" in capsys.readouterr().err


@pytest.mark.unmeasured
def test_results_of_machines_with_other_paths_name_those_of_this_one(place, tmp_path):
    shards = cut(place, tmp_path, 2)
    for shard in shards:
        content = (shard / journal.FILE).read_text()
        lab = str(Path(grade.__file__).parent)
        content = content.replace(str(place), "/far/away")
        # The lab may lie in a folder /lab, and then /tests/lab2 is not one of its paths.
        content = re.sub(rf"(?<![\w.-]){re.escape(lab)}(?![\w.-])", "/opt/lab", content)
        (shard / journal.FILE).write_text(content)
    entries = json.loads(content.partition("\n")[0])["header"]["submissions"]
    merge = Merge(ShardFolders.read(shards), tmp_path / "out")
    replays = [r.replay for r in merge.results if isinstance(r, Run) and r.replay]
    assert replays
    assert all("/opt/lab" not in replay for replay in replays)
    amy = tmp_path / "out" / "unpacked" / "001-amy"
    assert any(str(amy) in replay for replay in replays)
    # What lies outside the results keeps its place, and cannot be compared here.
    assert merge.plan.submissions["bob"] == Path("/far/away/class/bob")
    assert {entry["name"] for entry in entries} >= set(merge.changed()) >= {"bob"}


def test_a_submission_that_loads_on_one_machine_only_has_runs_that_say_so(
    place, tmp_path
):
    shards = cut(place, tmp_path, 6)
    found = ShardFolders.read(shards)
    of_amy = [folder for folder in found.folders if "amy" in folder.loads]
    assert len(of_amy) > 1
    file = of_amy[-1].directory / journal.FILE
    lines = file.read_text().splitlines(keepends=True)
    kept = [line for line in lines if '"run"' not in line[:6]]
    load = next(line for line in kept if line.startswith('{"load"'))
    broken = json.loads(load)
    broken["load"] |= {"verdict": "unknown", "reason": "no memory", "code": "lab-broke"}
    kept[kept.index(load)] = json.dumps(broken) + "\n"
    file.write_text("".join(kept))
    merge = Merge(ShardFolders.read(shards), tmp_path / "out")
    (note,) = merge.notes
    assert note.endswith("no memory")
    runs = [run for run in merge.results if getattr(run, "code", "") == "lab-broke"]
    assert {(run.submission, run.verdict) for run in runs} == {("amy", Verdict.UNKNOWN)}
