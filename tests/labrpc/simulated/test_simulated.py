"""Threads: simulated ones do what the real ones do.

Each program runs twice: inside a box in virtual time, and on real threads
with time-outs of a few milliseconds. It must return the same both times.
"""

import pytest

PROGRAMS = []


def program(function):
    PROGRAMS.append(function)
    return function


@program
def thread_gets_args_and_kwargs():
    import threading

    got = []
    thread = threading.Thread(target=lambda *a, **k: got.append((a, k)), args=(1, 2), kwargs={"x": 3})  # fmt: skip
    thread.start()
    thread.join()
    return got


@program
def thread_has_name_and_daemon_flag():
    import threading

    def work():
        seen.append(threading.current_thread().name)
        seen.append(threading.current_thread() is threads[0])

    seen = []
    threads = [threading.Thread(target=work, name="worker", daemon=True)]
    threads[0].start()
    threads[0].join()
    other = threading.Thread(target=work)
    inherited = other.daemon == threading.current_thread().daemon
    default = other.name.startswith("Thread-") and other.name.endswith("(work)")
    return seen, threads[0].daemon, inherited, default


@program
def thread_subclass_runs_its_run():
    import threading

    class Worker(threading.Thread):
        def __init__(self, n):
            super().__init__(name=f"w{n}")
            self.n, self.result = n, None

        def run(self):
            self.result = (self.n * 2, threading.current_thread() is self)

    workers = [Worker(n) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return [w.result for w in workers], [w.name for w in workers]


@program
def join_with_timeout_returns_while_the_thread_lives():
    import threading

    gate = threading.Event()
    thread = threading.Thread(target=gate.wait)
    before = thread.is_alive()
    thread.start()
    joined = thread.join(0.003)
    during = thread.is_alive()
    gate.set()
    thread.join(5)
    return joined, before, during, thread.is_alive()


@program
def thread_started_twice_or_joined_too_early_raises():
    import threading

    def told(function):
        try:
            function()
        except RuntimeError as exc:
            return type(exc).__name__, str(exc)

    thread = threading.Thread(target=lambda: None)
    early = told(thread.join)
    thread.start()
    thread.join()
    itself = told(threading.current_thread().join)
    return early, told(thread.start), itself, told(lambda: setattr(thread, "daemon", True))  # fmt: skip


@program
def thread_idents_differ_and_are_known_inside():
    import threading

    idents = []
    threads = [
        threading.Thread(target=lambda: idents.append(threading.get_ident()))
        for _ in range(3)
    ]
    unset = [t.ident for t in threads]
    for thread in threads:
        thread.start()
        thread.join()
    return unset, idents == [t.ident for t in threads], isinstance(idents[0], int)


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
def test_same_on_simulated_and_real_threads(function, same_for_real):
    same_for_real(function)


def test_constructor_runs_in_the_main_thread(lab):
    body = """
    def boot(self):
        here = threading.current_thread()
        self.seen = [here is threading.main_thread(), here.name, here.ident]
    def look(self):
        main = threading.main_thread()
        here = threading.current_thread()
        return [*self.seen, here is main, main.name, main.ident, main.is_alive()]
    """
    world = lab.world(lab.raft(body))
    expected = [True, "MainThread", 1, False, "MainThread", 1, True]
    assert world.invoke(0, "look") == expected


def test_main_thread_is_the_constructors_even_when_asked_for_late(lab):
    body = """
    def look(self):
        main = threading.main_thread()
        return main is threading.current_thread(), main.name, main.ident
    """
    world = lab.world(lab.raft(body))
    assert world.invoke(0, "look") == (False, "MainThread", 1)
    assert world.invoke(0, "look") == (False, "MainThread", 1)


def test_thread_names_count_from_one_in_every_server(lab):
    body = """
    def boot(self):
        self.names = [threading.Thread(target=self.boot).name for _ in range(2)]
    def look(self):
        return self.names
    """
    world = lab.world(lab.raft(body), servers=2)
    for server in range(2):
        assert world.invoke(server, "look") == ["Thread-1 (boot)", "Thread-2 (boot)"]


def test_enumerate_never_lists_another_servers_threads(lab):
    body = """
    def boot(self):
        for n in range(self.me + 1):
            name = f"s{self.me}-{n}"
            threading.Thread(target=time.sleep, args=(9,), name=name).start()
    def look(self):
        names = [t.name for t in threading.enumerate()]
        return sorted(n for n in names if n.startswith("s"))
    """
    world = lab.world(lab.raft(body), servers=2)
    assert world.invoke(0, "look") == ["s0-0"]
    assert world.invoke(1, "look") == ["s1-0", "s1-1"]
