"""Connections to Dask's schedulers, and clusters on this machine."""

import logging
from typing import Any

import dask
import distributed

from tester.cluster_engine.addresses import ENCRYPTED, refuse_unencrypted
from tester.errors import UsageError
from tester.text import one_line

# Its constructors have no types.
_dask: Any = distributed

CONNECT_S_MAX = 30.0
# With Dask's own, its processes take five times as much while they wait for runs.
QUIET = {
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.scheduler.work-stealing": False,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.admin.tick.interval": "1s",
}


def local_cluster(workers: int) -> Any:
    """Start a scheduler and workers on this machine."""
    with dask.config.set(QUIET):
        return _dask.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            # No page about it, and nothing that other machines could reach.
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            # Else they look at their memory ten times a second; runs have limits.
            memory_limit=None,
            silence_logs=logging.CRITICAL,
        )


def client_of(address: str) -> Any:
    """Connect to the scheduler at an address.

    Raises:
        UsageError: the connection cannot be made, or others could read it.
    """
    refuse_unencrypted(address, "the scheduler")
    _refuse_without_certificate(address)
    try:
        return _dask.Client(address, timeout=CONNECT_S_MAX, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as exc:
        raise UsageError(
            f"--dask: there is no scheduler at {address}: {one_line(str(exc))}"
        ) from None


def _refuse_without_certificate(address: str) -> None:
    """Raise UsageError if Dask has no certificate for an encrypted connection.

    Its client would fail, and then never let the process end.
    """
    if not address.startswith(ENCRYPTED):
        return
    reason = "Dask's configuration on this machine names none"
    try:
        if _dask.Security().get_connection_args("client").get("ssl_context"):
            return
    except OSError as exc:
        reason = f"what Dask's configuration names cannot be read: {exc}"
    raise UsageError(
        f"--dask: {address} needs a certificate, and {reason}: see "
        "docs/shards.md#certificates"
    )
