"""What a box has done in the step under way, until the world takes it."""

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
