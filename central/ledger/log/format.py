"""How the log holds entries and the few values beside them, as bytes. Pure.

Everything is big-endian and length-prefixed; whatever is decoded has passed a CRC-32 (see blocks).
"""

import struct
from collections.abc import Iterable, Iterator

from central.raft import Configuration, Entry, HardState, Piece, Restore, Snapshot

_ENTRY = struct.Struct(">QI")  # term, length
_IS_CONFIGURATION = 1 << 31  # in the length; free since no entry is that large
_U64 = struct.Struct(">Q")
_U32 = struct.Struct(">I")
_U16 = struct.Struct(">H")
_U8 = struct.Struct(">B")


def encode_entries(entries: Iterable[Entry]) -> bytes:
    """Return entries one after the other. One without a configuration is as in schema 1."""
    return b"".join(
        _ENTRY.pack(entry.term, len(entry.data)) + entry.data
        if entry.configuration is None
        else _with_configuration(entry.term, entry.configuration)
        for entry in entries
    )


def decode_entries(first_index: int, blob: bytes) -> Iterator[Entry]:
    """Yield the entries of a row whose checksum was right."""
    offset, index = 0, first_index
    while offset < len(blob):
        term, length = _ENTRY.unpack_from(blob, offset)
        offset += _ENTRY.size
        if length < _IS_CONFIGURATION:
            yield Entry(index, term, blob[offset : offset + length])
        else:
            length -= _IS_CONFIGURATION
            configuration = decode_configuration(blob[offset : offset + length])
            yield Entry(index, term, configuration=configuration)
        offset += length
        index += 1


def encode_configuration(configuration: Configuration) -> bytes:
    """Return version, voters, learners (each sorted), context: equal values are equal bytes.

    Where learners stay, version 2, and they follow. Else version 1, as before there were such: the
    digest of an entry may not change.
    """
    return b"".join(
        (
            _U8.pack(2 if configuration.staying else 1),
            _names(configuration.voters),
            _names(configuration.learners),
            _U32.pack(len(configuration.context)) + configuration.context,
            _names(configuration.staying) if configuration.staying else b"",
        )
    )


def decode_configuration(data: bytes) -> Configuration:
    """Return what was encoded; raises ValueError, also for a version that is not known."""
    reader = _Reader(data)
    configuration = _read_configuration(reader)
    reader.end()
    return configuration


def encode_identity(cluster_id: str, replica_id: str) -> bytes:
    """Return whose log it is."""
    return _text(cluster_id) + _text(replica_id)


def decode_identity(payload: bytes) -> tuple[str, str]:
    """Return the ids of cluster and replica."""
    reader = _Reader(payload)
    owner = reader.text(), reader.text()
    reader.end()
    return owner


def encode_hard_state(hard_state: HardState) -> bytes:
    """Return term and vote; no vote is not the vote for a replica without a name."""
    vote = b"" if hard_state.vote is None else _text(hard_state.vote)
    return _U64.pack(hard_state.term) + vote


def decode_hard_state(payload: bytes) -> HardState:
    """Return term and vote."""
    reader = _Reader(payload)
    term = reader.number(_U64)
    vote = reader.text() if reader.left else None
    reader.end()
    return HardState(term, vote)


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Return index, term and configuration."""
    head = _U64.pack(snapshot.index) + _U64.pack(snapshot.term)
    return head + encode_configuration(snapshot.configuration)


def decode_snapshot(payload: bytes) -> Snapshot:
    """Return index, term and configuration."""
    reader = _Reader(payload)
    snapshot = _read_snapshot(reader)
    reader.end()
    return snapshot


def encode_received(piece: Piece | None) -> bytes:
    """Return which snapshot arrives and how far it has come."""
    if piece is None:
        return b""
    head = _U8.pack(len(piece.identity)) + piece.identity
    return head + _U64.pack(piece.size) + _U64.pack(piece.end) + encode_snapshot(piece.snapshot)


def decode_received(payload: bytes) -> Piece | None:
    """Return a piece without data that ends where the last one on disk ends."""
    if not payload:
        return None
    reader = _Reader(payload)
    identity = reader.take(reader.number(_U8))
    size, end = reader.number(_U64), reader.number(_U64)
    snapshot = _read_snapshot(reader)
    reader.end()
    return Piece(snapshot, identity, size, end, b"")


def encode_restore(restore: Restore | None) -> bytes:
    """Return the snapshot that the state machine is to be replaced by."""
    if restore is None:
        return b""
    head = _U8.pack(len(restore.identity)) + restore.identity
    return head + encode_snapshot(restore.snapshot)


def decode_restore(payload: bytes) -> Restore | None:
    """Return the snapshot that the state machine is to be replaced by."""
    if not payload:
        return None
    reader = _Reader(payload)
    identity = reader.take(reader.number(_U8))
    snapshot = _read_snapshot(reader)
    reader.end()
    return Restore(snapshot, identity)


def encode_index(index: int) -> bytes:
    """Return an index."""
    return _U64.pack(index)


def decode_index(payload: bytes) -> int:
    """Return an index."""
    reader = _Reader(payload)
    index = reader.number(_U64)
    reader.end()
    return index


class _Reader:
    """Takes bytes from the front; raises ValueError where there are too few, or some are left."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._offset

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise ValueError("cut short")
        self._offset += count
        return self._data[self._offset - count : self._offset]

    def number(self, layout: struct.Struct) -> int:
        (value,) = layout.unpack(self.take(layout.size))
        return int(value)

    def text(self) -> str:
        return self.take(self.number(_U16)).decode()

    def names(self) -> frozenset[str]:
        return frozenset(self.text() for _ in range(self.number(_U16)))

    def end(self) -> None:
        if self.left:
            raise ValueError("longer than it says")


def _read_configuration(reader: _Reader) -> Configuration:
    version = reader.number(_U8)
    if version not in (1, 2):
        raise ValueError(f"a configuration in format {version}: upgrade Parkledger")
    voters, learners = reader.names(), reader.names()
    context = reader.take(reader.number(_U32))
    return Configuration(voters, learners, context, reader.names() if version == 2 else frozenset())


def _read_snapshot(reader: _Reader) -> Snapshot:
    index, term = reader.number(_U64), reader.number(_U64)
    return Snapshot(index, term, _read_configuration(reader))


def _with_configuration(term: int, configuration: Configuration) -> bytes:
    data = encode_configuration(configuration)
    return _ENTRY.pack(term, len(data) | _IS_CONFIGURATION) + data


def _names(names: frozenset[str]) -> bytes:
    return _U16.pack(len(names)) + b"".join(_text(name) for name in sorted(names))


def _text(text: str) -> bytes:
    data = text.encode()
    return _U16.pack(len(data)) + data
