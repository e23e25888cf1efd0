"""Messages on a TCP connection: four bytes of length, big-endian, then the message. Pure."""

import struct

MAX_FRAME_BYTES = 16 << 20
"""Entries in one message are under 2 MB, a piece of a snapshot is 1 MB."""

_LENGTH = struct.Struct(">I")


def frame(message: bytes) -> bytes:
    """Return a message as it goes over the wire."""
    return _LENGTH.pack(len(message)) + message


class Frames:
    """Cuts what arrives into messages. Holds at most one message that is not all there."""

    def __init__(self) -> None:
        self._arrived = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are complete now; ValueError for one that is too long."""
        arrived = self._arrived
        if not arrived and len(data) > _LENGTH.size:
            (length,) = _LENGTH.unpack_from(data)
            if length == len(data) - _LENGTH.size <= MAX_FRAME_BYTES:
                return [data[_LENGTH.size :]]  # just one, as nearly always
        arrived += data
        messages: list[bytes] = []
        begin, size = 0, len(arrived)
        while size - begin >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(arrived, begin)
            if length > MAX_FRAME_BYTES:
                raise ValueError(f"a message of {length} bytes, the most is {MAX_FRAME_BYTES}")
            end = begin + _LENGTH.size + length
            if end > size:
                break
            messages.append(bytes(arrived[begin + _LENGTH.size : end]))
            begin = end
        del arrived[:begin]
        return messages
