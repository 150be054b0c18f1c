"""A cluster that a scenario can disturb: faults of links, messages, servers and clocks.

Each verb sets one fault, which lasts until the verb is called again or the cluster
heals. No verb draws a random number: what is disturbed, and when, is the scenario's.
"""

from fractions import Fraction

from labrpc.clock import MICROSECOND, MILLISECOND
from labrpc.world.crash_points import CrashPoint
from labrpc.world.events import SaveTime
from labrpc.world.network_faults import Link
from tester.scenario.call_answers import CallAnswers
from tester.scenario.cluster import Cluster


class FaultyCluster(Cluster):
    """A cluster with the faults that 6.824 does not have."""

    # Links and messages.

    def set_link(self, src: int, dst: int, enabled: bool) -> None:
        """Let calls pass from `src` to `dst`, or not: in this direction only."""
        self.world.control("link", src, dst, enabled)
        self.network.enable(src, dst, enabled)

    def split_off(self, *servers: int) -> None:
        """Cut the links between these servers and all others, in both directions."""
        for inside in servers:
            for outside in self.servers:
                if outside not in servers:
                    self.set_link(inside, outside, False)
                    self.set_link(outside, inside, False)

    def is_linked(self, src: int, dst: int) -> bool:
        """Return whether calls pass from `src` to `dst`."""
        return self.network.is_enabled(src, dst)

    def slow_link(self, src: int, dst: int, delay_ms: int) -> None:
        """Let each message from `src` to `dst`, call or reply, take longer."""
        self.world.control("slow link", src, dst, delay_ms)
        self.world.network_faults().slow_ns[src, dst] = delay_ms * MILLISECOND

    def slow_replies(self, src: int, dst: int, delay_ms: int) -> None:
        """Let each reply from `src` to `dst` take longer; requests do not."""
        self.world.control("slow replies", src, dst, delay_ms)
        self.world.network_faults().slow_replies_ns[src, dst] = delay_ms * MILLISECOND

    def lose_requests(self, *links: Link) -> None:
        """Lose the requests on these links and on no others; replies still pass."""
        self.world.control("lose requests", *map(list, links))
        self.world.network_faults().lost_requests = set(links)

    def lose_replies(self, *links: Link) -> None:
        """Lose the replies on these links and on no others; requests still pass."""
        self.world.control("lose replies", *map(list, links))
        self.world.network_faults().lost_replies = set(links)

    def lose_methods(self, *methods: str) -> None:
        """Lose the requests of these methods, on all links, and of no others."""
        self.world.control("lose methods", *methods)
        self.world.network_faults().lost_methods = set(methods)

    def methods_called(self) -> list[str]:
        """Return which methods servers have called, since there have been faults."""
        return sorted(self.world.network_faults().methods)

    def watch_answers(self) -> CallAnswers:
        """Return what notes, from now on, whether servers answer calls at all."""
        return CallAnswers(self.world)

    def duplicate_requests(self, share: float) -> None:
        """Deliver this share of the servers' requests twice, the copy later.

        A client's requests are not among them: if a put that was sent once is refused
        because a copy of it arrived first, its clerk cannot tell that from a refusal
        because of another put.
        """
        self.world.control("duplicate requests", share)
        faults = self.world.network_faults()
        faults.duplicated, faults.duplicated_srcs = share, self.servers

    def hold_messages(self, share: float) -> None:
        """Hold this share of all messages up: most a little, a few very long."""
        self.world.control("hold messages", share)
        self.world.network_faults().held = share

    def limit_delays(self, longest_ms: int) -> None:
        """Bound how long a message is held up, and how much later a copy comes."""
        self.world.control("limit delays", longest_ms)
        self.world.network_faults().held_ns_max = longest_ms * MILLISECOND

    # Servers.

    def pause(self, server: int) -> None:
        """Stop a server, as a long garbage collection does: time goes on without it."""
        self.world.pause(server)

    def resume(self, server: int) -> None:
        """Let a paused server go on, with all that has arrived meanwhile."""
        self.world.resume(server)

    def set_clock_rate(self, server: int, rate: Fraction) -> None:
        """Let a server's clock run at `rate` from now on; 2 is twice as fast."""
        self.world.set_clock_rate(server, rate)

    def crash_at(self, server: int, point: CrashPoint | None) -> None:
        """Let a server die within a later step, at `point`; None disarms it.

        What has left by then still arrives, such as a reply: see
        `labrpc.world.crash_points`.
        """
        host = self.world.hosts[server]
        if host is not None and host.ready:
            name = getattr(point, "__name__", "none")
            self.world.control("crash point", server, name)
            host.crash_point = point

    def slow_disk(self, server: int, delay_us: int) -> None:
        """Let each save of a server take some time, for which its thread waits."""
        world, save_ns = self.world, delay_us * MICROSECOND
        world.control("save time", server, save_ns)
        world.disks[server].save_ns = save_ns
        host = world.hosts[server]
        if host is not None and host.ready:
            world.step(host, SaveTime(save_ns))

    # All at once.

    def note_faults(self, number: int, *names: str) -> None:
        """Record in the trace that an episode begins, and its faults."""
        self.world.control("trouble", number, *names)

    def heal(self) -> None:
        """Undo all faults: every server runs, and every message gets through.

        What was held up before still arrives.
        """
        self.world.control("heal")
        if self.network.faults is not None:
            self.network.faults.reset()
        self.set_reliable(True)
        self.set_long_reordering(False)
        for server in self.servers:
            self.crash_at(server, None)
            self.resume(server)
            if self.world.clocks[server].rate != 1:
                self.set_clock_rate(server, Fraction(1))
            if self.world.disks[server].save_ns:
                self.slow_disk(server, delay_us=0)
            if not self.is_up(server):
                self.restart(server)
            self.heal_above(server)
        self.connect(*self.servers)

    def heal_above(self, server: int) -> None:
        """Undo the faults of what is above a server's Raft."""
