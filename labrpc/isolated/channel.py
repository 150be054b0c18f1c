"""A stream of messages, with open files beside them, between judge and zygote.

A message is its length in four bytes, then that many bytes. A stream carries one of
any length: no message depends on how much a socket's buffer holds.
"""

import socket

from labrpc.isolated.messages import HEAD_BYTES, body_length, framed

FDS_MAX = 2
_CHUNK_BYTES = 1 << 16


class ChannelClosedError(Exception):
    """Nobody holds the other end any more."""


class Channel:
    """One end of the stream.

    Args:
        end: a connected stream socket; blocks.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end

    def fileno(self) -> int:
        """Return the descriptor, to wait until there is something to receive."""
        return self._socket.fileno()

    def send(self, body: bytes, *fds: int) -> None:
        """Send a message and a few open files.

        Raises:
            ChannelClosedError: nobody will read it.
        """
        data = memoryview(framed(body))
        try:
            if fds:
                data = data[socket.send_fds(self._socket, [data], fds) :]
            self._socket.sendall(data)
        except OSError:
            raise ChannelClosedError from None

    def receive(self) -> tuple[bytes, list[int]]:
        """Wait for a message and the open files that come with it.

        Raises:
            ChannelClosedError: no further message will come.
        """
        head, fds = self._at_most(HEAD_BYTES)
        body = bytearray()
        while len(head) < HEAD_BYTES:
            head += self._at_most(HEAD_BYTES - len(head))[0]
        length = body_length(head)
        while len(body) < length:
            body += self._at_most(min(length - len(body), _CHUNK_BYTES))[0]
        return bytes(body), fds

    def close(self) -> None:
        """Let the other end know that nothing more will come."""
        self._socket.close()

    def _at_most(self, count: int) -> tuple[bytes, list[int]]:
        try:
            data, fds, _, _ = socket.recv_fds(self._socket, count, FDS_MAX)
        except OSError:
            data = b""
        if not data:
            raise ChannelClosedError
        return data, fds
