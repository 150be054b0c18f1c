"""Modules of incarnations that have ended, for others that would load the same.

To load a submission's modules is most of what it takes to start a server, and a search
starts the same incarnation a thousand times. Loading depends on the submission and on the
incarnation's random draws alone. So where it does nothing but define things, and all that
was defined is as it was when the incarnation ends, the next one takes it over.
"""

from random import Random
from types import ModuleType
from typing import Any

from labrpc.simulated.importer import Importer
from labrpc.simulated.module_contents import Contents

# What has changed so often changes in each life.
CHANGES_MAX = 3


class LoadedModules:
    """What one incarnation has loaded, and how it was then.

    Args:
        importer: has loaded it.
        entropy: the stream from which unseeded generators draw.

    Attributes:
        taken_over: what another incarnation needs of it.
        contents: all that it holds.
    """

    def __init__(self, importer: Importer, entropy: Random) -> None:
        self.taken_over = importer.hand_over()
        self._generator = _generator(self.taken_over.private)
        self._entropy_state = entropy.getstate()
        self._generator_state = self._generator and self._generator.getstate()
        self.contents = Contents(
            self.taken_over.own, self.taken_over.builtins, self._generator
        )

    def begin(self, entropy: Random) -> None:
        """Let all streams stand where they stand after loading."""
        entropy.setstate(self._entropy_state)
        if self._generator is not None:
            self._generator.setstate(self._generator_state)


class KeptModules:
    """The modules that ended lives of one incarnation have left.

    Attributes:
        taken_over: how often an incarnation has taken some over.
    """

    def __init__(self) -> None:
        self.taken_over = 0
        self._free: list[LoadedModules] = []
        self._changes = 0

    def take(self, entropy: Random) -> LoadedModules | None:
        """Return modules that a new life can take over; None if it has to load them."""
        if not self._free:
            return None
        self.taken_over += 1
        loaded = self._free.pop()
        loaded.begin(entropy)
        return loaded

    def note(self, importer: Importer, entropy: Random) -> LoadedModules | None:
        """Return what an incarnation has just loaded, if it is worth keeping."""
        if self._changes >= CHANGES_MAX:
            return None
        loaded = LoadedModules(importer, entropy)
        if loaded.contents.are_known:
            return loaded
        self._changes = CHANGES_MAX
        return None

    def keep(self, loaded: LoadedModules) -> None:
        """Take back the modules of an incarnation that has ended, unless they changed."""
        if loaded.contents.are_unchanged():
            self._free.append(loaded)
        else:
            self._changes += 1


def _generator(private: dict[str, ModuleType]) -> Any:
    """Return the generator of the incarnation's own `random`; None if it has none."""
    module = private.get("random")
    return None if module is None else vars(module)["_inst"]
