"""The probability of a split vote, as Ongaro's dissertation derives it (section 9.3)."""

from math import comb


def split_vote_probability(servers: int, up: int, latency: float) -> float:
    """Return how likely it is that a term ends without a leader.

    Votes split if another server's time-out ends before the first candidate's
    request has reached it, and if that happens to enough servers to leave no majority. The formula
    assumes that every server may be elected and that all messages take equally long.

    Args:
        servers: the size of the cluster.
        up: how many of its servers are running.
        latency: the time of one message, as a share of the time-outs' range.
    """
    least = up - servers // 2
    return sum(
        comb(up, late) * latency**late * (1 - latency) ** (up - late)
        for late in range(least, up + 1)
    )
