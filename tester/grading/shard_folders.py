"""The folders of results that shards leave, and whether they belong together."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from tester.errors import UsageError
from tester.grading import journal
from tester.grading.journal import Header, JournalContents
from tester.grading.shard import Shard
from tester.intake.duplicates import with_places
from tester.text import listed
from tester.verdict import LoadResult, Run


@dataclass(frozen=True)
class ShardFolder:
    """The results of one shard.

    Attributes:
        directory: the --out of its machine, or a copy.
        contents: its journal.
    """

    directory: Path
    contents: JournalContents

    @property
    def header(self) -> Header:
        """What was graded."""
        return self.contents.header

    @property
    def shard(self) -> Shard:
        """Which shard it is."""
        assert self.header.shard is not None
        return self.header.shard

    @property
    def loads(self) -> dict[str, LoadResult]:
        """What came of loading each submission, the last time."""
        results = self.contents.results
        return {r.submission: r for r in results if isinstance(r, LoadResult)}

    @property
    def runs(self) -> list[Run]:
        """The runs that were made; of several at a seed the last one."""
        last = {(run.submission, run.test, run.seed): run for run in self.contents.runs}
        return list(last.values())

    def with_places(self, paths: dict[str, Path], places: Sequence[str]) -> Self:
        """Return it with results that name the files of another machine.

        Args:
            paths: where each submission lies there.
            places: where the code of Python and of the lab lies there.
        """
        old_paths = {entry.name: entry.path for entry in self.header.submissions}
        pairs = list(zip(self.header.places, places, strict=True))
        moved: list[Run | LoadResult] = [
            with_places(result, [(old_paths[name], str(paths[name])), *pairs])
            for result in self.contents.results
            for name in [result.submission]
        ]
        return replace(self, contents=replace(self.contents, results=moved))


@dataclass
class ShardFolders:
    """The shards of one grading that are there.

    Attributes:
        folders: by the number of their shard.
        empty: folders in which no shard has begun.
    """

    folders: list[ShardFolder]
    empty: list[Path] = field(default_factory=list)

    @classmethod
    def read(cls, directories: Sequence[Path]) -> Self:
        """Read the journals of shards.

        Raises:
            UsageError: one is no shard, or they do not belong together.
        """
        folders, empty = [], []
        for directory in directories:
            contents = _read(directory)
            if contents is None:
                empty.append(directory)
            else:
                folders.append(ShardFolder(directory, contents))
        if not folders:
            raise UsageError(
                f"no shard has begun in {listed([str(path) for path in empty])}: name "
                "the folders that `--shard` had as its --out"
            )
        folders.sort(key=lambda folder: folder.shard.number)
        _refuse_strangers(folders)
        return cls(folders, empty)

    @property
    def count(self) -> int:
        """How many shards the grading was cut into."""
        return self.folders[0].shard.count

    @property
    def missing(self) -> list[int]:
        """The numbers of the shards that are not there."""
        there = {folder.shard.number for folder in self.folders}
        return [number for number in range(1, self.count + 1) if number not in there]

    @property
    def unfinished(self) -> list[ShardFolder]:
        """The shards that were stopped."""
        return [folder for folder in self.folders if not folder.contents.finished]

    @property
    def finished(self) -> bool:
        """Whether all shards are there, and have come to their end."""
        return not self.missing and not self.unfinished


def _read(directory: Path) -> JournalContents | None:
    """Return a shard's journal; None if the shard has not begun."""
    if not directory.is_dir():
        raise UsageError(
            f"{directory} is no folder: name the folders that `--shard` had as its --out"
        )
    contents = journal.read(directory)
    if contents is None and journal.is_begun(directory):
        raise UsageError(
            f"{directory / journal.FILE} is damaged, or another version of the lab "
            "has written it: leave it out, or run this shard again"
        )
    if contents is not None and contents.header.shard is None:
        raise UsageError(
            f"{directory} holds a grading that was not cut into shards: leave it out"
        )
    return contents


def _refuse_strangers(folders: list[ShardFolder]) -> None:
    """Raise UsageError if shards are of different gradings, or one is there twice."""
    first, before = folders[0], folders[0]
    for other in folders[1:]:
        if other.shard.count != first.shard.count:
            raise UsageError(
                f"{other.directory} is shard {other.shard}, but {first.directory} is "
                f"shard {first.shard}: they were cut in different ways; merge the "
                "shards of one cut"
            )
        there = f"in {first.directory}", f"in {other.directory}"
        differences = first.header.differences(other.header, *there, anywhere=True)
        if differences:
            raise UsageError(
                f"{other.directory} is a shard of another grading than "
                f"{first.directory}: different are {'; '.join(differences)}"
            )
        if other.shard == before.shard:
            raise UsageError(
                f"shard {other.shard} is there twice, {_state(before)} and "
                f"{_state(other)}: leave one of them out"
            )
        before = other


def _state(folder: ShardFolder) -> str:
    state = "finished" if folder.contents.finished else "unfinished"
    return f"{state} in {folder.directory}"
