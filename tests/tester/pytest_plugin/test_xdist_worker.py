"""What the process that reports sends to xdist's workers."""

from pathlib import Path
from types import SimpleNamespace

from tester.pytest_plugin.xdist_worker import XdistWorker, send_to_worker


def test_a_worker_has_what_it_was_sent():
    sent = {"workerid": "gw3", "workercount": 4}
    send_to_worker(sent, {"test_x": [3, 7]}, {"test_x": ["seed0"]}, "/tmp/logs")
    worker = XdistWorker.of(SimpleNamespace(workerinput=sent))
    assert (worker.id, worker.number, worker.count) == ("gw3", 3, 4)
    assert worker.kept == {"test_x": [3, 7]}
    assert worker.named == {"test_x": ["seed0"]}
    assert worker.run_logs == Path("/tmp/logs")


def test_the_process_that_reports_is_no_worker():
    assert XdistWorker.of(SimpleNamespace()) is None
