"""Results of a cluster's worker, as they would be on this machine."""

import os
from pathlib import Path

import msgspec

from tester.cluster_engine.messages import Description, Reply
from tester.intake.duplicates import text_with_places, with_places
from tester.reports.files import write_atomically
from tester.verdict import Run
from tester.views.redaction import code_places
from tester.workers.engine import JobResult
from tester.workers.job import Job, PictureJob, suite_of


def result_here(job: Job, reply: Reply, there: Description) -> JobResult:
    """Return what a worker found, with the paths of this machine.

    The picture of a run is put into its folder.

    Args:
        job: what was to be done.
        reply: what came of it.
        there: the worker's machine.
    """
    if reply.lost is not None:
        return reply.lost.worker_lost()
    if reply.part is not None:
        return reply.part
    here = os.path.realpath(job.path)
    places = [(reply.path, here), *zip(there.places, code_places(), strict=True)]
    if os.path.isfile(here):
        # It may import what lies beside it.
        places.append((os.path.dirname(reply.path), os.path.dirname(here)))
    if reply.suite:
        places.append((reply.suite, suite_of(job)))
    if reply.batch is not None:
        reason = text_with_places(reply.batch.reason, places)
        return msgspec.structs.replace(reply.batch, reason=reason)
    found = reply.run or reply.load
    assert found is not None
    result = with_places(found, places)
    if isinstance(job, PictureJob) and reply.picture:
        assert isinstance(result, Run)
        folder = Path(job.folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / Path(result.picture).name, reply.picture)
    return result
