"""The submissions and suites of a client, and which worker has them already."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from labrpc.errors import LoadError
from tester.cluster_engine.content import Content, TooLarge, pack
from tester.cluster_engine.messages import Order, SearchJob
from tester.text import one_line
from tester.workers.job import AnyJob, Job, suite_of


class Contents:
    """What jobs need, packed once each, and sent to each worker once.

    Args:
        note: takes lines for a person.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        # By path; None for what cannot be packed.
        self._packed: dict[str, Content | None] = {}
        # Worker and digest.
        self.sent: set[tuple[str, str]] = set()

    def can_travel(self, job: Job) -> bool:
        """Return whether all that a job needs can be sent."""
        suite = suite_of(job)
        is_whole = self.content(job.path, job) is not None
        return is_whole and (not suite or self.content(suite) is not None)

    def content(self, path: str, job: Job | None = None) -> Content | None:
        """Return the content of a submission or a suite, None if it cannot be packed.

        Args:
            path: where it lies.
            job: what is done with the submission; None for a suite.
        """
        if path not in self._packed:
            beside: Mapping[str, Path] = {}
            # What is wrong with a submission, a worker finds as well.
            with suppress(LoadError):
                beside = job.modules_beside() if job else {}
            try:
                self._packed[path] = pack(Path(path), beside)
            except (TooLarge, OSError):
                self._packed[path] = None
                self._note(
                    f"note: {one_line(path)} is missing, or too large to be sent: its "
                    "runs are made on this machine, one at a time"
                )
        return self._packed[path]

    def order(
        self, number: str, place: int, job: Job, address: str, with_content: bool
    ) -> Order:
        """Return what to send to a worker for a job that can travel.

        Args:
            number: what to call it.
            place: which of those that do jobs on the worker's machine is to do it.
            job: what is to be done.
            address: the worker's.
            with_content: whether it lacks what it was sent.
        """
        assert isinstance(job, AnyJob | SearchJob)
        suite = suite_of(job)
        return Order(
            number,
            place,
            job,
            self._for_worker(job.path, address, with_content),
            self._for_worker(suite, address, with_content) if suite else None,
        )

    def _for_worker(self, path: str, address: str, with_content: bool) -> Content:
        content = self._packed[path]
        assert content is not None
        key = address, content.digest
        if key in self.sent and not with_content:
            return msgspec.structs.replace(content, data=b"")
        self.sent.add(key)
        return content

    def forget(self, address: str) -> None:
        """Note that a worker is gone, with all that it was sent."""
        self.sent = {key for key in self.sent if key[0] != address}
