"""A search in parts, each a job of the cluster."""

from collections.abc import Collection, Iterator, Sequence

from labrpc.errors import LabError
from tester.cluster_engine.dask_engine import DaskEngine
from tester.cluster_engine.messages import SearchJob
from tester.judging.run_hosting import RunHosting
from tester.search.parallel import Part, PartOutcome
from tester.workers.engine import WorkerLost


class ClusterPlace:
    """The workers of a cluster, as the place where a search is made.

    Args:
        engine: carries out the jobs; it is closed with this place.
        parts: what is to be searched.
    """

    def __init__(self, engine: DaskEngine, parts: Sequence[Part]) -> None:
        self._engine = engine
        engine.add(*map(_job, parts))

    def outcomes(self) -> Iterator[tuple[Part, PartOutcome]]:
        """Yield the parts that have not been yielded yet, as each of them ends.

        Raises:
            LabError: a process has broken, or too many workers were lost.
        """
        for job, outcome in self._engine.answers():
            assert isinstance(job, SearchJob)
            if isinstance(outcome, WorkerLost):
                raise LabError(
                    f"part {job.part.number} of the search: {outcome.reason}"
                )
            assert isinstance(outcome, PartOutcome)
            yield job.part, outcome

    def stop(self, numbers: Collection[int]) -> None:
        """Let parts end with what they have; those that wait never begin."""
        self._engine.stop(
            lambda job: isinstance(job, SearchJob) and job.part.number in numbers
        )

    def close(self) -> None:
        """Leave the cluster."""
        self._engine.close()


def _job(part: Part) -> SearchJob:
    hosting = RunHosting(isolation=part.isolation, require_sandbox=part.require_sandbox)
    return SearchJob(
        path=part.submission,
        name=str(part.number),
        lab=3 if part.suite else 2,
        hosting=hosting,
        part=part,
    )
