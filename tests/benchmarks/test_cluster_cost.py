"""What a cluster costs: CPU of grading by two workers of a cluster, and by --jobs 2.

All processes count, those of Dask among them. Starting the cluster costs the same for every
grading, so each is graded at few seeds and at more: the difference is what runs cost.
"""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from labrpc.sandbox.linux import prctl

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
pytestmark = [
    pytest.mark.skipif(
        sys.platform != "linux", reason="only Linux lets a process count its orphans"
    ),
    pytest.mark.timeout(0),
]

ROOT = Path(__file__).resolve().parents[2]
CORRECT = ["raft", "tests/submissions/polling", "tests/submissions/asyncio_raft"]
FEW, MORE = 1, 6
PR_SET_CHILD_SUBREAPER = 36


def cpu_s(out, seeds, *options):
    """Return the CPU time of a grading, of all processes that it has started."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "grade", *CORRECT, "--parts", "2B"]
    command += ["--seeds", str(seeds), "--jobs", "2", "--fresh", "--out", str(out)]
    subprocess.run([*command, *options], cwd=ROOT, check=True, capture_output=True)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_cluster(benchmark, tmp_path):
    """Each round grades at few seeds and at more, by a cluster and without one."""
    # A worker that is ended leaves its processes to this one, which counts them.
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    starting, more = [], []

    def both():
        there, here = (
            [cpu_s(tmp_path, seeds, *options) for seeds in (FEW, MORE)]
            for options in (["--dask"], [])
        )
        print(f"\n--dask: {there} s of CPU, --jobs: {here} s")
        more.append((there[1] - there[0]) / (here[1] - here[0]) - 1)
        starting.append(there[0] - here[0] * (1 + more[-1]))

    benchmark.pedantic(both, rounds=1)
    print(
        f"a cluster starts in {starting[0]:.1f} s of CPU; runs cost {more[0]:.1%} more"
    )
