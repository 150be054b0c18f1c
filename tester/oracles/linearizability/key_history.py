"""The history of one key, checked event by event in linear time.

With W(v) as the moment at which version v was written (see `version`), a history is
linearizable exactly if there are moments that satisfy

1. W(v) ≤ W(v + 1): versions rise by one;
2. call(p) < W(v) for the put p that wrote v, which is the one whose value was read at
   version v or that returned OK, else any that may still have been applied;
3. W(v) < return(o) if operation o showed version v: a get of it, the put that wrote it;
4. call(g) < W(v + 1) if get g returned version v (ErrNoKey: version 0);
5. for each put of version u that returned ErrVersion or ErrMaybe, call < W(u) or
   W(u + 1) < return: at some moment of it the key had another version than u.

*Sound and complete.* Given a linearization, the moments of its writes satisfy all five.
Given the moments, order the writes by them, place each get of v just after W(v) or its
call, whichever is later, and each refused put at a moment that rule 5 promises: every
operation then lies within its interval, and sees what the register holds.

*No search.* If two assignments satisfy the rules, the smaller of both values for each
v satisfies them: in rule 5, if both have W(u + 1) > return then both have
call < W(u). So there is a least assignment, reached by raising lower bounds only, and
the rules can be satisfied exactly if it is below the upper bounds of rule 3. Rule 1
needs no raising: let W(v) be the highest bound of v and the versions before it. If that
is the bound of an earlier version then v meets rule 3, since v is not shown before an
earlier version is, and rule 5 for u = v - 1, since its call is before its return.

*On line.* An operation that has not returned binds nothing; a put of it may have been
applied. Events come in their order, so an upper bound is final when it is set (what
shows a version later is a weaker one), and lower bounds rise. Where no put can have
written v yet, W(v) and all after it lie after the events so far: only the versions up to
there, the *reach*, need bounds.

*ErrMaybe and puts that never return.* A put that returned ErrMaybe was sent again and
then refused: rule 5 holds for it, and its first copy may have been applied at any time
since its call, which is rule 2. A put that never returns is bound by rule 2 only. So of
several such puts of one version, the one called first stands for all of them.

*Linear.* An event raises one bound, and those that rule 5 raises by way of a refused
put; each refused put is looked at once.
"""

from tester.oracles.linearizability.contradiction import (
    late_version,
    lost_reply,
    never_written,
    two_writers,
)
from tester.oracles.linearizability.operation import Operation
from tester.oracles.linearizability.version import NEVER, Bound, Version


class KeyHistory:
    """The versions of one key, and between which events each was written."""

    def __init__(self) -> None:
        # The highest version that an operation has shown.
        self._shown = 0
        # The highest version that may have been written by now.
        self._reach = 0
        self._versions = {0: Version(0, shown_at=0)}

    def put_called(self, put: Operation) -> bool:
        """Note a put; return False if one of the same version has the same value."""
        version = self._version(put.version + 1)
        if put.value in version.puts:
            return False
        version.puts[put.value] = put
        if version.writer is None:
            version.writers[put.id] = put
            if version.number == self._reach + 1:
                self._extend_reach()
                self._raise(version.number, Bound(put.called_at, put))
        return True

    def returned(self, operation: Operation) -> None:
        """Check an operation that has returned.

        Raises:
            SubmissionError: the operations up to this event are not linearizable.
        """
        match operation.kind, operation.outcome:
            case "get", "ok":
                self._read(operation)
            case "get", "no_key":
                self._raise(1, Bound(operation.called_at, operation))
            case "put", "ok":
                self._written(operation)
            case "put", "no_key":
                self._exclude(operation)
                self._raise(1, Bound(operation.called_at, operation))
                if operation.version == 0:
                    # The key would have had version 0, which this put is to replace.
                    bound = Bound(operation.called_at, operation, refused=True)
                    self._raise(0, bound)
            case "put", "version":
                self._exclude(operation)
                self._refused(operation)
            case "put", "maybe":
                self._refused(operation)

    # What an operation says about versions.

    def _read(self, get: Operation) -> None:
        version = self._versions.get(get.version)
        put = version.puts.get(get.value) if version else None
        if version is None or put is None:
            same = [
                v.puts[get.value]
                for v in self._versions.values()
                if get.value in v.puts
            ]
            raise never_written(get, None, same)
        if put.outcome in ("version", "no_key"):
            raise lost_reply(put, get)
        self._settle(version, put, get)
        self._show(version.number, get)
        self._raise(version.number + 1, Bound(get.called_at, get))

    def _written(self, put: Operation) -> None:
        version = self._versions[put.version + 1]
        self._settle(version, put, put)
        self._show(version.number, put)

    def _settle(self, version: Version, writer: Operation, by: Operation) -> None:
        """Note which put wrote a version."""
        if version.writer is not None:
            if version.writer is not writer:
                raise two_writers(version, writer, by)
            return
        version.writer, version.writer_shown_by = writer, by
        version.writers = {writer.id: writer}
        self._raise(version.number, Bound(writer.called_at, writer))

    def _exclude(self, put: Operation) -> None:
        """Note that a put did not write the version after the one it gave."""
        version = self._versions[put.version + 1]
        if version.writers.pop(put.id, None) is None:
            return
        if version.number > self._reach:
            return
        first = version.first_writer()
        shown_by = version.writer_shown_by or version.shown_by
        if shown_by is not None and (
            first is None or first.called_at > version.shown_at
        ):
            raise lost_reply(put, shown_by)
        if first is not None:
            self._raise(version.number, Bound(first.called_at, first))
        else:
            self._reach = version.number - 1
            self._check_not_replaced()

    def _refused(self, put: Operation) -> None:
        """Note that during a put the key had another version than it gave."""
        if put.version <= self._reach:
            self._versions[put.version].refused.append(put)
            self._check_not_replaced()

    def _show(self, number: int, by: Operation) -> None:
        """Note that a version has been written by now, and all before it."""
        if number > self._reach:
            raise never_written(by, self._reach + 1, [])
        while self._shown < number:
            self._shown += 1
            version = self._versions[self._shown]
            version.shown_at, version.shown_by = by.returned_at, by

    # The least assignment.

    def _version(self, number: int) -> Version:
        version = self._versions.get(number)
        if version is None:
            version = self._versions[number] = Version(number)
        return version

    def _extend_reach(self) -> None:
        following = self._versions.get(self._reach + 1)
        while following is not None and following.writers:
            self._reach += 1
            following = self._versions.get(self._reach + 1)

    def _check_not_replaced(self) -> None:
        """Apply rule 5 to the version at the reach, which nothing can have replaced."""
        latest = self._versions[self._reach]
        put = latest.refused_before(NEVER)
        if put is not None:
            self._raise(latest.number, Bound(put.called_at, put, refused=True))

    def _raise(self, number: int, bound: Bound) -> None:
        """Note that a version was written after an event, and what follows from it."""
        while number <= self._reach:
            version = self._versions[number]
            if version.after >= bound.event:
                return
            version.after = bound.event
            if version.shown_at < bound.event:
                rival = self._rival(version.number, bound.operation)
                raise late_version(version, bound, rival)
            # No bound is as low as version 0, so this is another one.
            number -= 1
            put = self._versions[number].refused_before(bound.event)
            if put is None:
                return
            bound = Bound(put.called_at, put, refused=True, next_bound=bound)

    def _rival(self, number: int, put: Operation) -> Operation | None:
        """Return another put that may have replaced a version while one was refused."""
        following = self._versions.get(number + 1)
        writers = following.writers.values() if following else ()
        others = (w for w in writers if w is not put and w.called_at < put.returned_at)
        return next(others, None)
