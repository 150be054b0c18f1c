"""Merging shards: from the journals of several machines to the grading of one.

Any shards of one grading can be merged, finished or not. What is missing has no verdict,
as in a grading that was stopped, and can be made later.
"""

import dataclasses
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from tester.errors import UsageError
from tester.grading import unmade_runs
from tester.grading.plan import Plan, plan_of
from tester.grading.shard_folders import ShardFolder, ShardFolders
from tester.intake.duplicates import fingerprint
from tester.intake.gradings import UNPACKED
from tester.reports.files import is_picture, submission_folder
from tester.verdict import LoadResult, Run, Verdict
from tester.views.redaction import code_places

_PREFERRED = (Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN)


class Merge:
    """Shards that are merged.

    Args:
        shards: those that are there.
        out: where the results go.

    Attributes:
        plan: that of the whole grading.
        notes: what a person should know.

    Raises:
        UsageError: this is not the lab, or the Python, that graded them.
    """

    def __init__(self, shards: ShardFolders, out: Path) -> None:
        self.notes: list[str] = []
        self._out = out.resolve()
        header = shards.folders[0].header
        paths = {
            entry.name: _place(entry.path, header.out, self._out)
            for entry in header.submissions
        }
        self.plan: Plan = plan_of(header, paths, out)
        differences = header.differences(
            self.plan.header(), "in the shards", "here", anywhere=True
        )
        if differences:
            raise UsageError(
                f"the shards cannot be merged here: different are "
                f"{'; '.join(differences)}; merge them with the lab that graded them"
            )
        places = code_places()
        self._folders = [folder.with_places(paths, places) for folder in shards.folders]
        self._loads = self._join_loads()
        self._runs = {
            (run.submission, run.test, run.seed): run
            for folder in self._folders
            for run in [*folder.runs, *self._not_loaded(folder)]
        }

    @property
    def results(self) -> list[Run | LoadResult]:
        """Every result of the shards, in the plan's order."""
        found: list[Run | LoadResult] = []
        for name in self.plan.submissions:
            if name in self._loads:
                found.append(self._loads[name])
            for test in self.plan.tests:
                runs = (self._runs.get((name, test.name, s)) for s in self.plan.seeds)
                found += [run for run in runs if run is not None]
        return found

    def add(self, results: Sequence[Run | LoadResult]) -> None:
        """Add results that are there already: of a merge that was resumed since."""
        for result in results:
            if isinstance(result, LoadResult):
                known = self._loads.get(result.submission)
                if known is None or known.verdict is Verdict.UNKNOWN:
                    self._loads[result.submission] = result
                continue
            key = result.submission, result.test, result.seed
            if key not in self._runs or self._runs[key].verdict is Verdict.UNKNOWN:
                self._runs[key] = result

    def copy_files(self) -> None:
        """Copy what lies in the shards' folders: what was unpacked, and pictures."""
        for name, path in self.plan.submissions.items():
            unpacked = path.relative_to(self._out) if self._is_unpacked(path) else None
            reports = Path(submission_folder(name))
            for folder in self._folders:
                if unpacked is not None and not path.exists():
                    _copy(folder.directory / unpacked, path)
                for file in sorted((folder.directory / reports).glob("*.html")):
                    if is_picture(file.name):
                        _copy(file, self._out / reports / file.name)

    def changed(self) -> list[str]:
        """Return the submissions that are not here, or not as they were graded."""
        return [
            name
            for name, path in self.plan.submissions.items()
            if self.plan.fingerprints[name]
            and fingerprint(path) != self.plan.fingerprints[name]
        ]

    def _is_unpacked(self, path: Path) -> bool:
        return path.is_relative_to(self._out / UNPACKED)

    def _join_loads(self) -> dict[str, LoadResult]:
        """Return what came of loading each submission.

        One that loads on some machine loads: where it does not, the runs of that machine
        say so.
        """
        found: dict[str, LoadResult] = {}
        for folder in self._folders:
            for name, load in folder.loads.items():
                best = found.setdefault(name, load)
                if _PREFERRED.index(load.verdict) < _PREFERRED.index(best.verdict):
                    found[name] = load
        return found

    def _not_loaded(self, folder: ShardFolder) -> Iterator[Run]:
        """Yield the runs of submissions that load on another machine, but not there."""
        mine = dataclasses.replace(self.plan, shard=folder.shard)
        for name, load in folder.loads.items():
            if load.passed or not self._loads[name].passed:
                continue
            self.notes.append(
                f"{name} loads on another machine, but not in {folder.directory}: "
                f"{load.reason}"
            )
            for test in mine.tests_of(name):
                for seed in self.plan.seeds:
                    yield unmade_runs.not_loaded(load, test, seed)


def _place(path: str, results: str, out: Path) -> Path:
    """Return where a submission lies here: what was unpacked lies among the results."""
    unpacked = Path(results) / UNPACKED
    if Path(path).is_relative_to(unpacked):
        return out / UNPACKED / Path(path).relative_to(unpacked)
    return Path(path)


def _copy(source: Path, target: Path) -> None:
    """Copy a file or a folder, if it is there."""
    if source.is_symlink() or not source.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copyfile(source, target)
