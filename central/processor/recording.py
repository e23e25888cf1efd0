"""What a camera's spots were decided from, kept in a file so that it can be decided again.

The file: the line `parkledger recording 1`, then records. A record is two lengths and a CRC-32 of
what follows (three unsigned 32-bit little-endian numbers), a JSON object, and the JPEG as it came
(empty where there is none). `kind` says what the object is:

- start: a filter began: camera, layout_version, plan_id, model, evidence (its settings), reuse
  (when spots are classified again; missing, as in older recordings: always), held (occupancy by
  spot)
- frame: one that was classified: boot_id, sequence, captured_at_us, width, height, and for strips
  cut ([plan_id, places], or where there are two JPEGs [plan_id, places, fine, fine_at])
- blind: all spots became unknown, at_us
- boot: another process streams for the camera: what strips left out is not known any more
- hold: the ledger's word for one spot: spot, occupancy

Pictures are stored as the camera sent them: masked, but whole where it sends whole pictures. A
record that is cut off at the end of the file is what a crash leaves; it is not read.
"""

import json
import logging
import os
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO

from central.ledger.records import Occupancy
from central.processor.camera_view import CameraView
from central.processor.evidence import EvidenceSettings
from central.processor.frames import Frame
from central.processor.looks import ReuseSettings
from models.strips import Cut
from node.errors import UsageError

logger = logging.getLogger(__name__)

MAGIC = b"parkledger recording 1\n"
KINDS = frozenset({"start", "frame", "blind", "boot", "hold"})
SUFFIX = ".recording"
_HEAD = struct.Struct("<III")
_MOST = 64 * 1024 * 1024
"""Bytes of one part of a record; more is damage."""


@dataclass(frozen=True)
class DecidedBy:
    """What detections depend on beside frames and layout; model: see `model_name`."""

    evidence: EvidenceSettings
    reuse: ReuseSettings
    model: str


@dataclass(frozen=True)
class Record:
    """One record: its object and its picture."""

    what: Mapping[str, Any]
    jpeg: bytes = b""

    @property
    def frame(self) -> Frame:
        """The frame that it holds; only for kind `frame`."""
        what = self.what
        return Frame(
            sequence=what["sequence"],
            captured_at_us=what["captured_at_us"],
            width=what["width"],
            height=what["height"],
            jpeg=self.jpeg,
            cut=_cut_of(what.get("cut")),
        )


def _cut_of(told: Sequence[Any] | None) -> Cut | None:
    if told is None:
        return None
    plan_id, places, *second = told
    fine, fine_at = second or ((), 0)
    return Cut(plan_id, tuple(places), tuple(fine), fine_at)


def _told_of(cut: Cut | None) -> Sequence[Any] | None:
    if cut is None:
        return None
    second = [list(cut.fine), cut.fine_at] if cut.fine else []
    return [cut.plan_id, list(cut.places), *second]


def read_recording(path: Path) -> Iterator[Record]:
    """Yield the records of a file; raises UsageError for one that is none, or is damaged."""
    try:
        with path.open("rb") as file:
            if (begin := file.read(len(MAGIC))) != MAGIC:
                if begin.startswith(MAGIC.rstrip(b"1\n")):
                    raise _newer(path, "its format")
                raise UsageError(f"{path}: is no recording; name a file of --record's folder")
            number = 0
            while (record := _next(path, file, number)) is not None:
                yield record
                number += 1
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); check the path") from error


def _next(path: Path, file: BinaryIO, number: int) -> Record | None:
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    meta_length, jpeg_length, crc = _HEAD.unpack(head)
    damaged = UsageError(f"{path}: record {number} is damaged; the file cannot be replayed")
    if max(meta_length, jpeg_length) > _MOST:
        raise damaged
    body = file.read(meta_length + jpeg_length)
    if len(body) < meta_length + jpeg_length:
        return None
    if zlib.crc32(body) != crc:
        raise damaged
    what = json.loads(body[:meta_length])
    _check(path, what)
    return Record(what, body[meta_length:])


def _check(path: Path, what: Mapping[str, Any]) -> None:
    """Raise UsageError for what this version cannot decide as the one that recorded it did."""
    kind = what["kind"]
    if kind not in KINDS:
        raise _newer(path, f"records of kind '{kind}'")
    for key, settings in (("evidence", EvidenceSettings), ("reuse", ReuseSettings)):
        if kind != "start" or key not in what:  # recordings of before have no `reuse`
            continue
        known = {field.name for field in fields(settings)}
        if unknown := sorted(set(what[key]) - known):
            raise _newer(path, f"the setting '{unknown[0]}'")
        try:
            settings(**what[key])
        except (TypeError, ValueError) as error:
            raise UsageError(
                f"{path}: its settings cannot be used ({error}); replay it with the version of "
                "Parkledger that recorded it"
            ) from error


def _newer(path: Path, what: str) -> UsageError:
    return UsageError(
        f"{path}: was recorded by a newer version: this one does not know {what}; upgrade "
        "Parkledger"
    )


class Recorder:
    """Writes one camera's recording. What is over the limit, or fails, ends it with a warning."""

    def __init__(self, path: Path, *, limit_bytes: int) -> None:
        self._path = path
        self._left = limit_bytes
        self._file: BinaryIO | None = None

    def start(
        self,
        view: CameraView,
        decided_by: DecidedBy,
        held: Mapping[str, Occupancy],
    ) -> None:
        """A filter began."""
        self._write(
            {
                "kind": "start",
                "camera": view.camera.camera_id,
                "layout_version": view.layout_version,
                "plan_id": view.plan_id,
                **asdict(decided_by),
                "held": {spot_id: int(occupancy) for spot_id, occupancy in held.items()},
            }
        )

    def frame(self, boot_id: str, frame: Frame) -> None:
        """A frame was classified."""
        self._write(
            {
                "kind": "frame",
                "boot_id": boot_id,
                "sequence": frame.sequence,
                "captured_at_us": frame.captured_at_us,
                "width": frame.width,
                "height": frame.height,
                "cut": _told_of(frame.cut),
            },
            frame.jpeg,
        )

    def blind(self, at_us: int) -> None:
        """All spots became unknown."""
        self._write({"kind": "blind", "at_us": at_us})

    def boot(self) -> None:
        """Another process streams for the camera."""
        self._write({"kind": "boot"})

    def hold(self, spot_id: str, occupancy: Occupancy) -> None:
        """The ledger holds something else of a spot."""
        self._write({"kind": "hold", "spot": spot_id, "occupancy": int(occupancy)})

    def close(self) -> None:
        """Nothing more will come."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._left = 0

    def _write(self, what: Mapping[str, Any], jpeg: bytes = b"") -> None:
        meta = json.dumps(what, separators=(",", ":")).encode()
        size = _HEAD.size + len(meta) + len(jpeg)
        if size > self._left:
            if self._left:
                logger.warning("recording %s ends: its limit is reached", self._path)
                self.close()
            return
        crc = zlib.crc32(jpeg, zlib.crc32(meta))
        try:
            if self._file is None:
                self._file = _create(self._path)
            self._file.write(_HEAD.pack(len(meta), len(jpeg), crc) + meta + jpeg)
            self._file.flush()
        except OSError as error:
            logger.warning("recording %s ends: %s", self._path, error.strerror)
            self.close()
            return
        self._left -= size


def _create(path: Path) -> BinaryIO:
    # Pictures of people: for nobody else's eyes.
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
    file.write(MAGIC)
    return file


@dataclass(frozen=True)
class Recordings:
    """Where cameras are recorded, and how many bytes of each at most."""

    folder: Path
    limit_bytes: int

    def of(self, camera_id: str, *, run: str) -> Recorder:
        """Return a camera's recorder; `run` names this run of the processor."""
        path = self.folder / f"{camera_id}-{run}{SUFFIX}"
        return Recorder(path, limit_bytes=self.limit_bytes)
