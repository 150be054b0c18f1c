"""Entry points: the class that a box constructs, and the arguments it passes."""

import msgspec

SERVER_PARAMETERS = ("peers", "me", "persister", "apply_ch")


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """The class that a box constructs, and its arguments.

    Attributes:
        module: the module that defines the class.
        class_name: its name.
        parameters: what it is constructed with, in order. `peers` and `servers` are the
            ends to all servers, `me` is the number of the box, `persister` what
            survives a crash, `apply_ch` the apply channel; any other name is one of
            `constants`.
        constants: plain values for further parameters, by name.
        services: whether the object has an attribute `services`: further objects by
            name, whose methods can be called as its own can.
        local_channel: whether the box itself takes what is put on its apply channel.
        preload: a module of the submission that is loaded before the class is looked
            up, and may replace it; "" for none.
    """

    module: str
    class_name: str
    parameters: tuple[str, ...] = SERVER_PARAMETERS
    constants: dict[str, int | str] = {}
    services: bool = False
    local_channel: bool = False
    preload: str = ""
