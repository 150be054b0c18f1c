"""Beyond loopback addresses only with certificates, made as docs/shards.md says."""

import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
import yaml

from tester.errors import UsageError
from tester.judging.run_hosting import IN_PROCESS
from tester.workers.job import LoadJob

REASON = "the extra `cluster` is not installed"
distributed = pytest.importorskip("distributed", reason=REASON)

# Only with `distributed`.
import dask  # noqa: E402

from tester.cluster_engine.dask_engine import DaskEngine  # noqa: E402

PAGE = Path(__file__).resolve().parents[3] / "docs" / "shards.md"
# Dask's own: of connections that end.
pytestmark = pytest.mark.filterwarnings("ignore")


def own_address():
    """Return an address of this machine that others could reach, "" for none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # Nothing is sent.
        except OSError:
            return ""
        address = probe.getsockname()[0]
    return "" if address.startswith("127.") else address


def configured(home):
    """Make a certificate by the page's recipe; return Dask's configuration."""
    after = PAGE.read_text().partition("<!-- recipe: certificate -->")[2]
    recipe = re.search(r"```bash\n(.*?)```", after, re.S)[1]
    home.mkdir()
    subprocess.run(
        ["bash", "-e", "-c", recipe], env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
        check=True, capture_output=True,
    )  # fmt: skip
    return flat(yaml.safe_load((home / ".config/dask/raft-lab.yaml").read_text()))


def flat(configuration, above=""):
    """Return settings by their dotted names: so they leave Dask's others as they are."""
    found = {}
    for name, value in configuration.items():
        if isinstance(value, dict):
            found |= flat(value, f"{above}{name}.")
        else:
            found[above + name] = value
    return found


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes certificates")
@pytest.mark.skipif(not own_address(), reason="no network: every address is loopback")
def test_other_machines_are_reached_with_a_certificate_only(tmp_path, dictator):
    configuration = configured(tmp_path / "home")
    job = LoadJob(path=str(dictator().path), name="fake")
    options = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None}
    with (
        dask.config.set(configuration),
        distributed.LocalCluster(
            **options, processes=False, protocol="tls", host=own_address()
        ) as cluster,
    ):
        address = cluster.scheduler_address
        assert address.startswith(f"tls://{own_address()}:")
        with DaskEngine(address, 1, IN_PROCESS, print) as engine:
            engine.add(job)
            ((_, load),) = engine.results()
        assert load.passed
        with pytest.raises(UsageError, match="not encrypted"):
            DaskEngine(address.replace("tls", "tcp"), 1, IN_PROCESS, print)
        others = configured(tmp_path / "other")
        with (
            dask.config.set(others),
            pytest.raises(UsageError, match=r"no scheduler at .* does not match"),
        ):
            DaskEngine(address, 1, IN_PROCESS, print)


def test_a_missing_certificate_is_said_at_once(tmp_path):
    nothing = {"ca-file": None, "client": {"cert": None, "key": None}}
    with (
        dask.config.set(flat(nothing, "distributed.comm.tls.")),
        pytest.raises(
            UsageError, match=r"needs a certificate, and Dask's .* names none"
        ),
    ):
        DaskEngine("tls://10.1.2.3:8786", 1, IN_PROCESS, print)
    gone = str(tmp_path / "gone.pem")
    files = {"ca-file": gone, "client": {"cert": gone, "key": gone}}
    with (
        dask.config.set(flat(files, "distributed.comm.tls.")),
        pytest.raises(UsageError, match=r"needs a certificate, and .* cannot be read"),
    ):
        DaskEngine("tls://10.1.2.3:8786", 1, IN_PROCESS, print)
