"""The addresses of a cluster: those of other machines only with encryption."""

import ipaddress

from tester.errors import UsageError

# Dask's own names of transports that are encrypted.
ENCRYPTED = ("tls", "wss")
# Within one process.
INTERNAL = ("inproc",)


def refuse_unencrypted(address: str, whose: str) -> None:
    """Raise UsageError if what is sent to an address could be read by others.

    Args:
        address: as Dask writes it, such as tls://10.1.2.3:8786.
        whose: what is there, in words.
    """
    scheme, _, place = address.partition("://")
    if scheme in (*ENCRYPTED, *INTERNAL) or _is_here(place):
        return
    raise UsageError(
        f"--dask: {whose} at {address} is on another machine, and not encrypted: "
        "submissions and results could be read and changed on the way. Start the "
        "scheduler and its workers with TLS, and name it as tls://HOST:PORT "
        "(docs/shards.md#a-cluster)"
    )


def machine_of(address: str) -> str:
    """Return the host of an address, which all workers on a machine have in common."""
    return address.partition("://")[2].rpartition(":")[0]


def _is_here(place: str) -> bool:
    """Return whether a host and port are on this machine's loopback interface."""
    host = place.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        # Tomorrow a name may lead to another machine.
        return False
