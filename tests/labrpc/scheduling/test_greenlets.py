"""Where greenlets start: equally deep, in whichever thread and however deep."""

import gc
import threading
import weakref

from labrpc.scheduling.greenlets import (
    FRAMES_MAX,
    getcurrent,
    greenlet,
    has_started,
    never_free,
    run_outside,
    start,
)


class Diver(greenlet):
    """Finds out how deep a recursion gets."""

    def run(self):
        has_started()
        return self.dive()

    def dive(self):
        try:
            return 1 + self.dive()
        except RecursionError:
            return 0


def depth(below=0):
    """Return how deep a greenlet recurses that is started below so many frames."""
    if below:
        return depth(below - 1)
    return start(Diver).switch()


def test_a_greenlet_recurses_equally_deep_wherever_it_is_started():
    depths = {depth(), depth(100), depth(300)}
    assert len(depths) == 1
    assert abs(depths.pop() - FRAMES_MAX) < 100


def test_each_thread_of_the_process_has_a_starter_of_its_own():
    depths = []
    thread = threading.Thread(target=lambda: depths.append(depth()))
    thread.start()
    thread.join()
    assert len(depths) == 1
    assert abs(depths[0] - FRAMES_MAX) < 100


def test_a_greenlet_that_has_been_started_returns_to_who_asked_for_it():
    started = start(Diver)
    assert started.parent is getcurrent()


def test_run_outside_runs_in_none_of_the_threads():
    here = getcurrent()
    assert run_outside(lambda value: (getcurrent() is here, value), 7) == (False, 7)


def test_what_is_never_freed_stays():
    class Thing:
        pass

    kept, freed = Thing(), Thing()
    never_free(kept)
    references = weakref.ref(kept), weakref.ref(freed)
    del kept, freed
    gc.collect()
    assert [reference() is None for reference in references] == [False, True]
