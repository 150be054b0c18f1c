"""The progress of a search that has found nothing yet, kept so that another continues it.

What was explored completely is not explored again, and what is random is drawn anew.
"""

from pathlib import Path

import msgspec

from tester.errors import UsageError
from tester.search.choices import Setting
from tester.search.search import Exhausted, Outcome
from tester.views.page import write_page


class SearchProgress(msgspec.Struct, frozen=True):
    """What earlier searches have done.

    Attributes:
        submission: the digest of what they searched.
        setting: what held in their worlds.
        seed: of their random parts, as it was given.
        searches: how many there were.
        states: how many states they found.
        cpu_s: the CPU time that they took.
        explored: the budgets that they explored completely.
    """

    submission: str
    setting: Setting
    seed: str
    searches: int = 0
    states: int = 0
    cpu_s: float = 0.0
    explored: tuple[Exhausted, ...] = ()

    @property
    def next_seed(self) -> str:
        """The seed of the next search, which draws what none before it has drawn."""
        return f"{self.seed}.{self.searches}" if self.searches else self.seed

    def with_search(self, outcome: Outcome) -> "SearchProgress":
        """Return the progress after one more search."""
        return msgspec.structs.replace(
            self,
            searches=self.searches + 1,
            states=self.states + outcome.states,
            cpu_s=self.cpu_s + outcome.cpu_s,
            explored=outcome.explored,
        )

    def keep(self, file: Path) -> None:
        """Write it to a file.

        Raises:
            UsageError: it cannot be written.
        """
        write_page(file, msgspec.json.encode(self))


def read_progress(file: Path, fresh: SearchProgress) -> SearchProgress:
    """Return the progress in a file.

    Args:
        file: where it was kept.
        fresh: of a search that is to continue it, and has done nothing yet.

    Raises:
        UsageError: there is none, or it is not of the same submission, setting and seed.
    """
    try:
        kept = msgspec.json.decode(file.read_bytes(), type=SearchProgress)
    except OSError as exc:
        raise UsageError(
            f"there is no search to resume: {file} cannot be read: {exc.strerror}"
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise UsageError(f"{file} is no progress of a search: {exc}") from None
    for what in ("submission", "setting", "seed"):
        if getattr(kept, what) != getattr(fresh, what):
            raise UsageError(
                f"{file} is of another {what}: search without --resume, from the beginning"
            )
    return kept
