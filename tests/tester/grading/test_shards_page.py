"""The recipes of docs/shards.md, executed with a program that notes how it is called."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tester.cli.main import parse

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "shards.md").read_text()

# Notes its arguments, and leaves a folder as a shard does.
NOTES = """\
#!/bin/sh
echo "$@" >> "$NOTED"
while [ $# -gt 1 ]; do
    [ "$1" = --out ] && mkdir -p "$2"
    shift
done
"""
# Runs the command here, whatever the host.
SSH = """\
#!/bin/sh
echo "$1" >> "$NOTED.hosts"
cd "$HOME" && exec sh -c "$2"
"""


def recipe(name):
    """Return the text of a recipe."""
    after = PAGE.partition(f"<!-- recipe: {name} -->")[2]
    return re.search(r"```\w+\n(.*?)```", after, re.S)[1]


@pytest.fixture
def shell(tmp_path):
    """Return a function that runs a script: the commands of the lab that it gave."""
    bin_, course = tmp_path / "bin", tmp_path / "course"
    bin_.mkdir()
    course.mkdir()
    for name, text in (("raft-lab", NOTES), ("ssh", SSH), ("pip", "#!/bin/sh\n")):
        (bin_ / name).write_text(text)
        (bin_ / name).chmod(0o755)
    noted = tmp_path / "noted"

    def run(script, **variables):
        noted.write_text("")
        environment = os.environ | variables
        environment |= {"HOME": str(tmp_path), "NOTED": str(noted)}
        environment["PATH"] = f"{bin_}:{environment['PATH']}"
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=course,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return noted.read_text().splitlines()

    return run


def shards(commands):
    """Return the shards of commands and their folders; all are commands of the lab."""
    found = []
    for command in commands:
        _, options = parse("raft-lab", command.split())
        found.append((str(options.shard), str(options.out)))
    return sorted(found)


def assert_merges(command, folders):
    parsed, options = parse("raft-lab", command.split())
    assert parsed is not None
    assert sorted(map(str, options.shards)) == folders
    assert str(options.out) == "grades"


def test_slurm(shell):
    commands = [
        command
        for number in "12"
        for command in shell(
            recipe("slurm"),
            SLURM_ARRAY_TASK_ID=number,
            SLURM_ARRAY_TASK_COUNT="2",
            SLURM_CPUS_PER_TASK="3",
        )
    ]
    assert shards(commands) == [("1/2", "shards/1"), ("2/2", "shards/2")]
    assert "#SBATCH --array=1-" in recipe("slurm")
    (merge,) = shell(recipe("slurm merge"))
    assert_merges(merge, ["shards/1", "shards/2"])


def test_machines_with_ssh(shell, tmp_path):
    (tmp_path / "course" / "hosts").write_text("one\ntwo\n")
    script = recipe("ssh").replace("n=40", "n=5")
    *commands, merge = shell(script)
    numbers = range(1, 6)
    assert shards(commands) == [(f"{i}/5", f"shards/{i}") for i in numbers]
    assert_merges(merge, [f"shards/{i}" for i in numbers])
    hosts = (tmp_path / "noted.hosts").read_text().split()
    assert len(hosts) == 5
    assert set(hosts) <= {"one", "two"}


def test_the_workflow_for_github(shell, tmp_path):
    workflow = yaml.safe_load(recipe("workflow"))
    jobs = workflow["jobs"]
    # YAML 1.1 reads the key `on` as true.
    inputs = workflow[True]["workflow_call"]["inputs"]
    output = tmp_path / "output"
    output.write_text("")
    shell(scripts(jobs["plan"])[0], SHARDS="3", GITHUB_OUTPUT=str(output))
    assert output.read_text() == "numbers=[1,2,3]\n"
    install, grade = scripts(jobs["shard"])
    assert install == scripts(jobs["merge"])[0] == 'pip install "$LAB"'
    commands = [
        command
        for number in "123"
        for command in shell(
            grade,
            OPTIONS=inputs["options"]["default"],
            NUMBER=number,
            SHARDS="3",
            SECRET="of the course",
        )
    ]
    assert shards(commands) == [(f"{i}/3", f"shards/{i}") for i in "123"]
    assert (tmp_path / "course" / "secret.txt").read_text() == "of the course"
    (merge,) = shell(scripts(jobs["merge"])[1])
    assert_merges(merge, [f"shards/{i}" for i in "123"])
    # What the shards hand in is what the merge takes.
    uploads = step(jobs["shard"], "actions/upload-artifact")
    downloads = step(jobs["merge"], "actions/download-artifact")
    assert uploads["path"] == downloads["path"] == "shards"
    assert uploads["name"].startswith(downloads["pattern"].rstrip("*"))
    for job in jobs.values():
        for name, value in (job.get("env") or {}).items():
            assert re.fullmatch(r"\$\{\{ (inputs|matrix|secrets)\.\w+ \}\}", value), (
                name
            )
            given = value.split()[1].partition(".")
            assert given[0] != "inputs" or given[2] in inputs


def scripts(job):
    return [step["run"].strip() for step in job["steps"] if "run" in step]


def step(job, action):
    """Return the inputs of a job's first step with an action."""
    steps = (each for each in job["steps"] if each.get("uses", "").startswith(action))
    return next(steps)["with"]
