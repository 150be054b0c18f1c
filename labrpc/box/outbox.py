"""The actions of a box in the current step, until the world takes them."""

from labrpc.world.events import Action


class Outbox:
    """The actions of one box since the last step, in order.

    Attributes:
        actions: what every part of the box adds to.
    """

    def __init__(self) -> None:
        self.actions: list[Action] = []

    def take(self) -> list[Action]:
        """Return the actions, and begin anew."""
        actions, self.actions = self.actions, []
        return actions
