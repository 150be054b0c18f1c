"""A server's own clock, which may run fast or slow.

Virtual time is the world's. What a server reads, and what its time-outs
count, is its own clock: equal to the world's until its rate is changed.
"""

from fractions import Fraction


class ServerClock:
    """Turns the world's nanoseconds into a server's, and back. It never goes back.

    Attributes:
        rate: how fast it runs; 2 is twice as fast as the world's.
        exact: whether it shows the world's time.
    """

    def __init__(self) -> None:
        self.rate = Fraction(1)
        # Whole numbers, which take a tenth of a Fraction's time.
        self._numerator, self._denominator = 1, 1
        self._world_ns = 0
        self._local_ns = 0
        self.exact = True

    def set_rate(self, rate: Fraction, now_ns: int) -> None:
        """Let the clock run at `rate` (2: twice as fast) from `now_ns` on."""
        self._local_ns = self.local_ns(now_ns)
        self._world_ns = now_ns
        self.rate = rate
        self._numerator, self._denominator = rate.as_integer_ratio()
        self.exact = rate == 1 and self._local_ns == now_ns

    def local_ns(self, world_ns: int) -> int:
        """Return what the clock shows at a moment of the world's."""
        passed_ns = world_ns - self._world_ns
        return self._local_ns + passed_ns * self._numerator // self._denominator

    def before_ns(self, world_ns: int, local_ns: int) -> int:
        """Return the moment of the world's that lies `local_ns` of the clock earlier."""
        return self.world_ns(self.local_ns(world_ns) - local_ns)

    def world_ns(self, local_ns: int) -> int:
        """Return the first moment of the world's at which the clock shows `local_ns`."""
        ahead_ns = local_ns - self._local_ns
        return self._world_ns - (-ahead_ns * self._denominator // self._numerator)
