"""What a server's object holds, as text: the attributes with plain values.

For people who look at a run. Calls nothing of the submission's, no property and no
`__repr__`, so that looking changes nothing.
"""

import enum
from collections import deque
from collections.abc import Container
from itertools import islice
from operator import is_
from typing import Any

from labrpc.box.plain_text import (
    ITEMS_SHOWN,
    LAST_SHOWN,
    SCALARS,
    item_text,
    list_text,
    says_something,
    stored_in,
    stores_plainly,
    value_text,
)

ATTRIBUTES_MAX = 80
# A tuple's items are shown only if they are scalars.
_FIXED = frozenset([*SCALARS, tuple])
_CHANGEABLE = frozenset([list, deque, set, dict])
# Stands for a value that was never read.
_UNREAD = object()


class _Item:
    """An item of a collection as it was when last read.

    Attributes:
        value: the item.
        inside: the other objects on which its text depends; None if it never changes.
        text: its text; None if nobody has asked for it.
    """

    __slots__ = ("inside", "text", "value")

    def __init__(self, value: Any, inside: list[Any] | None) -> None:
        self.value = value
        self.inside = inside
        self.text: str | None = None


class _Attribute:
    """An attribute as it was when last read.

    Attributes:
        name: what it is called in the result.
        may_have_own: whether its own attributes are shown, if it has some.
        value: of the attribute.
        text: its value as text; None if the value is not plain.
        own: the attributes of an object of the submission's; None for any other value.
        length: how many items it has, if it is a collection.
        shown: the items that are shown of a collection; None for none, or if it has to
            be read anew each time.
        items: what is known of these, if one of them may change inside.
        changeable: those that may change inside.
    """

    __slots__ = (
        "changeable",
        "items",
        "length",
        "may_have_own",
        "name",
        "own",
        "shown",
        "text",
        "value",
    )

    def __init__(self, prefix: str, name: Any) -> None:
        self.name = prefix + name if type(name) is str else ""
        self.may_have_own = not prefix
        self.value: Any = None
        self.text: str | None = None
        self.own: _Attributes | None = None
        self.length = 0
        self.shown: list[Any] | None = None
        self.items: list[_Item] = []
        self.changeable: list[_Item] = []


class _Attributes:
    """The attributes of one object as they were when last read.

    Attributes:
        prefix: what stands before their names in the result.
        count: how many there are.
        names: the names of those that are read, which are the first ones.
        values: the values of these.
        read: what is known of each.
        changeable: those whose text may change though the value is the same object.
    """

    __slots__ = ("changeable", "count", "names", "prefix", "read", "values")

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.count = 0
        self.names: list[Any] = []
        self.values: list[Any] = []
        self.read: list[_Attribute] = []
        self.changeable: list[_Attribute] = []

    def are_those_of(self, stored: dict[Any, Any]) -> bool:
        """Return whether an object stores the same objects under the same names."""
        return (
            self.count == len(stored)
            and all(map(is_, self.names, stored))
            and all(map(is_, self.values, stored.values()))
        )

    def add_to(self, found: dict[str, str]) -> None:
        """Add the texts of those that are plain, as long as there is room."""
        for attribute in self.read:
            if attribute.text is not None:
                found[attribute.name] = attribute.text
            elif attribute.own is not None:
                attribute.own.add_to(found)
            if len(found) >= ATTRIBUTES_MAX:
                return


class StateReader:
    """Reads one server's object again and again; keeps the text of what has not changed.

    This is done at each step of a server, so what is the same object as before, and every
    collection with the same items, is passed over in a few calls of C.

    Args:
        modules: the names of the submission's modules.
    """

    def __init__(self, modules: Container[str]) -> None:
        self._modules = modules
        self._attributes = _Attributes("")
        self._texts: dict[str, str] = {}
        self._plain_classes: dict[type, bool] = {}
        # The classes whose items in a list have a text that never changes.
        self._fixed = set(_FIXED)
        # The classes whose items are shown by their attributes.
        self._open: set[type] = set()

    def read(self, server: object) -> dict[str, str]:
        """Return the attributes that have plain values, as text.

        An attribute that is itself an object of the submission's is shown by its own
        attributes, as in `log.last_index`. As long as nothing changes, the result is the
        same dictionary.
        """
        if self._update(self._attributes, server):
            self._texts = {}
            self._attributes.add_to(self._texts)
        return self._texts

    def _update(self, attributes: _Attributes, holder: object) -> bool:
        """Read the attributes of an object; return whether a text may have changed."""
        stored = stored_in(holder) if self._has_plain_class(holder) else {}
        changed = not attributes.are_those_of(stored)
        if changed:
            self._read_anew(attributes, stored)
        for attribute in attributes.changeable:
            if self._has_changed(attribute):
                changed = True
        return changed

    def _read_anew(self, attributes: _Attributes, stored: dict[Any, Any]) -> None:
        """Read the attributes that are another object than before."""
        names = list(islice(stored, ATTRIBUTES_MAX))
        values = list(islice(stored.values(), ATTRIBUTES_MAX))
        if len(names) == len(attributes.names) and all(
            map(is_, attributes.names, names)
        ):
            before = attributes.values
        else:
            before = [_UNREAD] * len(names)
            attributes.read = [_Attribute(attributes.prefix, name) for name in names]
        for place, value in enumerate(values):
            if value is not before[place] and type(names[place]) is str:
                self._look(attributes.read[place], value)
        attributes.count = len(stored)
        attributes.names, attributes.values = names, values
        attributes.changeable = [
            attribute
            for attribute in attributes.read
            if attribute.own is not None or type(attribute.value) in _CHANGEABLE
        ]

    def _look(self, attribute: _Attribute, value: Any) -> None:
        """Note what there is to know of an attribute's value."""
        kind = type(value)
        attribute.value = value
        attribute.own = None
        if kind in _CHANGEABLE:
            self._look_at_items(attribute, value)
        else:
            attribute.items = []
        if kind is list:
            attribute.text = self._list_text(attribute, value)
            return
        attribute.text = value_text(value, self._modules)
        if (
            attribute.text is None
            and attribute.may_have_own
            and kind.__module__ in self._modules
        ):
            attribute.own = _Attributes(f"{attribute.name}.")
            self._update(attribute.own, value)

    def _look_at_items(self, attribute: _Attribute, value: Any) -> None:
        """Note what there is to know of a collection's items."""
        before, attribute.items, attribute.changeable = attribute.items, [], []
        attribute.length = len(value)
        attribute.shown = _shown(value)
        shown = attribute.shown or []
        if self._fixed.issuperset(map(type, shown)):
            return
        known = {id(item.value): item for item in before}
        for content in shown:
            inside = self._inside(content)
            item = known.get(id(content))
            if item is None or not _are_same(item.inside, inside):
                item = _Item(content, inside)
            attribute.items.append(item)
            if item.inside is not None:
                attribute.changeable.append(item)

    def _list_text(self, attribute: _Attribute, value: list[Any]) -> str | None:
        """Return a list as text; that of an item which has not changed is still there."""
        modules = self._modules
        if not says_something(value, modules):
            return None
        texts = []
        for item in attribute.items:
            if item.text is None:
                item.text = item_text(item.value, modules)
            texts.append(item.text)
        if not attribute.items:
            texts = [item_text(item, modules) for item in attribute.shown or ()]
        return list_text(texts, attribute.length)

    def _has_changed(self, attribute: _Attribute) -> bool:
        """Return whether a value that is the same object has another text."""
        value = attribute.value
        if attribute.own is not None:
            return self._update(attribute.own, value)
        if attribute.shown is not None and attribute.length == len(value):
            shown = _shown(value)
            if (
                shown is not None
                and all(map(is_, attribute.shown, shown))
                and not any(map(self._has_changed_inside, attribute.changeable))
            ):
                return False
        before = attribute.text
        self._look(attribute, value)
        return attribute.text != before

    def _has_changed_inside(self, item: _Item) -> bool:
        return not _are_same(item.inside, self._inside(item.value))

    def _inside(self, item: Any) -> list[Any] | None:
        """Return the objects on which an item's text depends beside the item itself.

        None if there are none, so that it never changes.
        """
        kind = type(item)
        if kind in self._fixed:
            return None
        if kind is list:
            return [*item[:ITEMS_SHOWN]]
        if kind not in self._open:
            if not self._shows_attributes(item):
                self._fixed.add(kind)
                return None
            self._open.add(kind)
        stored = stored_in(item)
        return [kind, *stored, *stored.values()]

    def _shows_attributes(self, item: object) -> bool:
        """Return whether an item of a list is shown by its own attributes."""
        kind = type(item)
        if issubclass(kind, enum.Enum) or kind.__module__ not in self._modules:
            return False
        return self._has_plain_class(item)

    def _has_plain_class(self, value: object) -> bool:
        kind = type(value)
        if kind not in self._plain_classes:
            self._plain_classes[kind] = stores_plainly(kind)
        return self._plain_classes[kind]


def _are_same(before: list[Any] | None, now: list[Any] | None) -> bool:
    if before is None or now is None:
        return before is now
    return len(before) == len(now) and all(map(is_, before, now))


def _shown(value: Any) -> list[Any] | None:
    """Return the items of a collection on which its text depends.

    None if there are too many of them, or none can tell.
    """
    kind = type(value)
    if len(value) <= ITEMS_SHOWN:
        return [*value, *value.values()] if kind is dict else list(value)
    return value[-LAST_SHOWN:] if kind is list else None
