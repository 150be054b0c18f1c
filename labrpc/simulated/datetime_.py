"""`datetime` whose `now` and `today` are virtual."""

import datetime as real_datetime
from types import ModuleType
from typing import Any, Self

from labrpc.simulated import time_


class date(real_datetime.date):
    """The standard date; `today` is the virtual day."""

    @classmethod
    def today(cls) -> Self:
        """Return the virtual day, in UTC."""
        return cls.fromordinal(datetime.now().toordinal())


class datetime(real_datetime.datetime):
    """The standard date and time; `now` is virtual, and the local zone is UTC."""

    @classmethod
    def now(cls, tz: real_datetime.tzinfo | None = None) -> Self:
        """Return the virtual date and time."""
        now = cls.fromtimestamp(time_.time(), tz or real_datetime.UTC)
        return now if tz else now.replace(tzinfo=None)

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
    module = ModuleType("datetime", real_datetime.__doc__)
    names: dict[str, Any] = vars(module)
    names.update(vars(real_datetime))
    for made in (date, datetime):
        made.__module__ = "datetime"
        names[made.__name__] = made
    return module
