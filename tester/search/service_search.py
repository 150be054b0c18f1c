"""The search of a service: random runs of episodes with clients."""

from collections.abc import Hashable, Sequence
from functools import partial
from random import Random

from tester.search.choices import (
    Choice,
    Crash,
    Get,
    Operation,
    Put,
    Recover,
    Setting,
    TimeOut,
)
from tester.search.episode_run import Episode
from tester.search.episode_search import EpisodeSearch, outlook
from tester.search.episodes import (
    FATES,
    HEALS,
    act_apart,
    crash,
    cut,
    die,
    die_receiving,
    elect,
    release,
    spread,
)
from tester.search.service_episodes import (
    CLIENT_FATES,
    SERVER_FATES,
    crash_all,
    disturb_server,
    lose_of_client,
    operate,
    operate_away,
    overtake,
    pause,
    rejoin,
    strand_client,
)
from tester.search.world_state import WorldState

# They begin alike, so that a service that cuts them takes one for the other.
KEYS = ("key1", "key2")
GETS = 0.45
# How many of the runs that recover begin that with all servers down and up.
RESTARTING = 0.5
# The kinds of episodes in which clients do something.
OF_CLIENTS = (
    "operate", "away", "compete", "overtake", "client", "server", "strand", "pause",
)  # fmt: skip


class ServiceEpisodeDraw:
    """Draws the episode that follows on a settled state.

    Args:
        state: of the world.
        draws: the search's random stream.
        setting: of the world.
    """

    def __init__(self, state: WorldState, draws: Random, setting: Setting) -> None:
        self._state = state
        self._draws = draws
        self._servers = range(setting.servers)
        self._leaders = [s for s in self._servers if state.servers[s].leads]
        clients = range(setting.servers, setting.boxes)
        self._idle = [c for c in clients if state.servers[c].operation is None]
        self._waiting = [c for c in clients if c not in self._idle]

    def next(self) -> Episode:
        """Return an episode; those that are drawn more often lead to more operations."""
        state, draws = self._state, self._draws
        if not self._leaders:
            return partial(elect, draws.choice(self._servers))
        kinds: dict[str, float] = {"spread": 1, "elect": 2, "crash": 1, "apart": 1}
        kinds |= {"crash all": 1, "die": 1}
        if self._idle:
            kinds |= {"operate": 6, "away": 1, "client": 3, "server": 3}
        if len(self._idle) > 1:
            kinds |= {"compete": 1, "overtake": 1}
        if self._waiting:
            kinds["pause"] = 1
        if len(state.cut) < len(self._servers) // 2:
            kinds["cut"] = 1
            if len(self._idle) > 1:
                kinds["strand"] = 2
        if state.cut:
            kinds |= {"heal": 2, "heal late": 1, "stand again": 2}
            kinds["rejoin"] = 3
        if any(map(state.reachable, state.in_flight)):
            kinds["release"] = 2
        (kind,) = draws.choices(list(kinds), list(kinds.values()))
        if kind in OF_CLIENTS:
            return self._of_clients(kind)
        return self._of_servers(kind)

    def _of_clients(self, kind: str) -> Episode:
        draws = self._draws
        if kind == "pause":
            return partial(pause, draws.choice(self._waiting))
        clients = draws.sample(self._idle, min(2, len(self._idle)))
        if kind == "compete":
            key = draws.choice(KEYS)
            puts = [Put(client, key) for client in clients]
            return lambda run: operate(run, *puts)
        if kind == "overtake":
            return partial(overtake, Put(clients[0], KEYS[0]), clients[1])
        operations = [self._operation(client) for client in clients]
        if kind == "operate":
            return lambda run: operate(run, operations[0])
        if kind == "client":
            return partial(lose_of_client, operations[0], draws.choice(CLIENT_FATES))
        if kind == "strand":
            leader, other = draws.choice(self._leaders), draws.choice(self._servers)
            mine, away = operations
            before = mine if draws.random() < 0.5 else None
            after = self._operation(clients[0])
            return partial(strand_client, leader, other, before, away, after)
        if kind == "away":
            return partial(operate_away, draws.choice(self._servers), operations[0])
        how, other = draws.choice(SERVER_FATES), draws.choice(self._servers)
        return partial(disturb_server, operations[0], how, other)

    def _operation(self, client: int) -> Operation:
        key = KEYS[self._draws.random() < 0.25]
        return Get(client, key) if self._draws.random() < GETS else Put(client, key)

    def _of_servers(self, kind: str) -> Episode:
        draws, state = self._draws, self._state
        server = draws.choice(self._servers)
        if kind == "spread":
            return partial(spread, draws.choice(self._leaders))
        if kind == "cut":
            up = [s for s in self._servers if s not in state.cut]
            leaders = [s for s in self._leaders if s in up]
            return partial(cut, draws.choice(leaders * 2 + up))
        if kind == "release":
            return release
        if kind == "rejoin":
            latest = max(self._leaders, key=lambda s: state.servers[s].term)
            return partial(rejoin, draws.choice(state.cut), latest)
        if kind in HEALS:
            return partial(HEALS[kind], draws.choice(state.cut))
        if kind in ("elect", "crash", "crash all"):
            acts = {"elect": elect, "crash": crash, "crash all": crash_all}
            return partial(acts[kind], server)
        other = draws.choice([s for s in self._servers if s != server])
        step = TimeOut(server)
        if kind == "apart":
            return partial(act_apart, step, other, draws.choice(FATES))
        if draws.random() < 0.5:
            return partial(die, step, draws.randint(1, 3))
        return partial(die_receiving, step, other)


class ServiceSearch(EpisodeSearch):
    """Runs of episodes with clients, each a function of the number of runs before it."""

    episodes_min_max = (2, 7)

    def _begin_run(self) -> None:
        """Draw nothing: in each run goes wrong what its episodes are about."""

    def _episode(self, state: WorldState) -> Episode:
        return ServiceEpisodeDraw(state, self._draws, self._rules.setting).next()

    def _recovery(self, left_out: Sequence[int] | None) -> list[Choice]:
        """Return how a run ends: by what clients then read, after a restart perhaps.

        No server is left out: clients might know none of the others.
        """
        restarts = self._draws.random() < RESTARTING
        servers = range(self._rules.setting.servers) if restarts else ()
        return [*map(Crash, servers), Recover()]

    def _outlook(self, state: WorldState) -> Hashable:
        clients = state.servers[self._rules.setting.servers :]
        waiting = tuple(client.operation is not None for client in clients)
        return outlook(state), waiting
