"""Each figure of a service moves when the service is different: small variants of the example."""

from pathlib import Path

import pytest

from tester.intake.service_submission import find_service
from tester.judging.run_hosting import RunHosting
from tester.judging.suite import suite_path
from tester.measuring.batch import measure_batch
from tester.measuring.labs import LABS
from tester.measuring.measured import Measured
from tester.measuring.service_probes import SERVICE_PROBES

EXAMPLE = Path(__file__).resolve().parents[2] / "services" / "kv_threads"
TRIALS = {"one_client": 6, "five_clients": 10, "snapshotting": 25}
VARIANTS = {
    "as it is": "",
    "a slow clerk": """
import kv, time
class Clerk(kv.Clerk):
    def _call(self, method, args):
        time.sleep(0.01)
        return super()._call(method, args)
kv.Clerk = Clerk
""",
    "asks again": """
import kv
class Clerk(kv.Clerk):
    def _call(self, method, args):
        self.servers[self.leader].call("KV.get", kv.clerk.GetArgs("x" * 500))
        return super()._call(method, args)
import kv.clerk
kv.Clerk = Clerk
""",
    "a long pause": """
import kv, kv.clerk
kv.clerk.PAUSE_S = 3
""",
    "a slow start": """
import rsm, time
class RSM(rsm.RSM):
    def _run_applier(self):
        time.sleep(1)
        super()._run_applier()
rsm.RSM = RSM
""",
    "no snapshots": """
import rsm
class RSM(rsm.RSM):
    def _take_snapshot_if_large(self):
        pass
rsm.RSM = RSM
""",
}


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Return a function that measures a variant; the same one is measured once."""
    folder = tmp_path_factory.mktemp("variants")
    for package in ("rsm", "kv"):
        (folder / package).symlink_to(EXAMPLE / package)
    found = {}

    def measure(variant, probe):
        if (variant, probe) not in found:
            file = folder / f"variant{len(found)}.py"
            file.write_text(VARIANTS[variant] or "import rsm\n")
            service = find_service(file, suite_path(3))
            host = RunHosting().open(service)
            batch = measure_batch(host, probe, 0, TRIALS.get(probe, 1))
            assert not batch.reason
            one = Measured(variant)
            one.add(batch)
            found[variant, probe] = one
        return found[variant, probe]

    return measure


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("figure", "probe", "variant", "factor"),
    [
        ("put_ms", "one_client", "a slow clerk", 2),
        ("get_ms", "one_client", "a slow clerk", 2),
        ("operation_rpcs", "one_client", "asks again", 1.5),
        ("operation_bytes", "one_client", "asks again", 1.5),
        ("five_clients_put_ms", "five_clients", "a slow clerk", 2),
        ("five_clients_get_ms", "five_clients", "a slow clerk", 2),
        ("snapshots_put_ms", "snapshotting", "a slow clerk", 2),
        ("snapshots_state_bytes", "snapshotting", "no snapshots", 2),
        ("outage_ms", "leader_losses", "a long pause", 3),
        pytest.param(
            "restart_ms", "restarts", "a slow start", 2, marks=pytest.mark.slow
        ),
    ],
)
def test_a_figure_moves_with_what_it_measures(measured, figure, probe, variant, factor):
    usual = measured("as it is", probe).summary(figure)
    assert measured(variant, probe).summary(figure).mean > factor * usual.mean


@pytest.mark.parametrize(
    ("figure", "probe"),
    [
        ("operations_per_s", "one_client"),
        ("five_clients_operations_per_s", "five_clients"),
    ],
)
def test_a_slow_clerk_makes_fewer_operations(measured, figure, probe):
    usual = measured("as it is", probe).summary(figure).mean
    assert 2 * measured("a slow clerk", probe).summary(figure).mean < usual


def test_five_clients_make_more_operations_than_one(measured):
    alone = measured("as it is", "one_client").summary("operations_per_s").mean
    five = measured("as it is", "five_clients")
    assert five.summary("five_clients_operations_per_s").mean > 2 * alone


def test_every_figure_is_measured_by_some_probe(measured):
    found = [measured("as it is", probe) for probe in SERVICE_PROBES]
    names = {figure.name for figure in LABS[3].figures}
    assert {name for one in found for name in one.samples} == names
    assert any(one.cpu_ms_per_command for one in found)
    assert set(LABS[3].plans) == set(SERVICE_PROBES)
    assert {*LABS[3].curves, *LABS[3].cards} <= names
