"""`datetime` whose `now` and `today` are virtual."""

import datetime as real_datetime
from types import ModuleType
from typing import Any, Self

from labrpc.simulated import time_
from labrpc.simulated.module_copy import copy_of


class _LikeReal(type):
    """Takes for its instances all those of the real class, and pickles by name."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.__base__ or object)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.__base__ or object)


class date(real_datetime.date, metaclass=_LikeReal):
    """The standard date; `today` is the virtual day."""

    @classmethod
    def today(cls) -> Self:
        """Return the virtual day, in UTC."""
        return cls.fromordinal(datetime.now().toordinal())


class datetime(real_datetime.datetime, metaclass=_LikeReal):
    """The standard date and time; `now` is virtual, and the local zone is UTC."""

    @classmethod
    def now(cls, tz: real_datetime.tzinfo | None = None) -> Self:
        """Return the virtual date and time."""
        return cls.fromtimestamp(time_.time(), tz)

    @classmethod
    def fromtimestamp(
        cls, timestamp: float, tz: real_datetime.tzinfo | None = None
    ) -> Self:
        """Return the date and time of a POSIX timestamp."""
        then = super().fromtimestamp(timestamp, tz or real_datetime.UTC)
        return then if tz else then.replace(tzinfo=None)

    def timestamp(self) -> float:
        """Return the POSIX timestamp; a date without a zone is in UTC."""
        if self.tzinfo is None:
            return self.replace(tzinfo=real_datetime.UTC).timestamp()
        return super().timestamp()

    @classmethod
    def utcnow(cls) -> Self:
        """Return the virtual date and time in UTC, without a zone."""
        return cls.now()

    @classmethod
    def today(cls) -> Self:
        """Return the virtual date and time, without a zone."""
        return cls.now()


def as_module() -> ModuleType:
    """Return the module that a server imports as `datetime`."""
    module = copy_of(real_datetime)
    names: dict[str, Any] = vars(module)
    # They keep their own module's name: pickle looks a class up by it.
    names["date"], names["datetime"] = date, datetime
    return module
