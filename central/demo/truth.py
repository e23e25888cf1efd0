"""PURE: what really stood in each spot of a clip, and how far the ledger agrees with it.

The file is JSON: `{"lot": "north", "duration_s": 60.0, "spots": {"A01": [[0.0, "vacant"],
[12.4, "occupied"]], ...}}`: from which second of the clip on each spot was in which state.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from central.ledger.records import Occupancy, SpotState
from node.errors import UsageError

STATES = {"occupied": Occupancy.OCCUPIED, "vacant": Occupancy.VACANT}


@dataclass(frozen=True)
class Span:
    """From this second of the clip on (until the spot's next span) the spot was in this state."""

    from_s: float
    occupancy: Occupancy


@dataclass(frozen=True)
class Truth:
    """The truth of one clip. Every spot has a span that starts at 0; times strictly increase."""

    lot_id: str
    duration_s: float
    spots: Mapping[str, tuple[Span, ...]]

    def at(self, spot_id: str, position_s: float) -> Occupancy | None:
        """Return the spot's state at that second of the clip; None for a spot without truth.

        Before the clip the first state holds, after it the last.
        """
        spans = self.spots.get(spot_id)
        if not spans:
            return None
        after = bisect_right(spans, position_s, key=lambda span: span.from_s)
        return spans[max(0, after - 1)].occupancy


@dataclass(frozen=True)
class Agreement:
    """How many spots were compared and which of them differ from the truth."""

    compared: int
    differing: tuple[str, ...]

    @property
    def share(self) -> float | None:
        """Spots that equal the truth over spots compared, 0..1; None if none was compared."""
        return None if self.compared == 0 else 1.0 - len(self.differing) / self.compared


def compare(
    truth: Truth, spots: Iterable[SpotState], positions_s: Mapping[str, float], fallback_s: float
) -> Agreement:
    """Compare applied occupancies with the truth where each spot's deciding camera last looked.

    `positions_s` holds each camera's last position in its clip in seconds; `fallback_s` serves
    the spots that no camera has decided. An unknown spot never equals the truth.
    """
    compared = 0
    differing = []
    for spot in spots:
        expected = truth.at(spot.spot_id, positions_s.get(spot.camera_id, fallback_s))
        if expected is None:
            continue
        compared += 1
        if spot.occupancy is not expected:
            differing.append(spot.spot_id)
    return Agreement(compared=compared, differing=tuple(differing))


def parse_truth(text: str, *, file: str) -> Truth:
    """Return the truth that a JSON text states; raises UsageError naming file and key."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{file}: is not valid JSON: {error}; correct it there") from None
    if not isinstance(document, dict) or not isinstance(document.get("spots"), dict):
        raise UsageError(f"{file}: needs an object with the keys lot, duration_s and spots")
    lot_id, duration = document.get("lot"), document.get("duration_s")
    if not isinstance(lot_id, str):
        raise UsageError(f"{file}: lot: is {json.dumps(lot_id)}; give the lot's id as text")
    if not _is_number(duration) or not duration > 0:
        raise UsageError(
            f"{file}: duration_s: is {json.dumps(duration)}; give seconds greater than 0"
        )
    spots = {
        spot_id: _spans(spans, file=file, key=f"spots.{spot_id}")
        for spot_id, spans in document["spots"].items()
    }
    if not spots:
        raise UsageError(f"{file}: spots: is empty; state the truth of at least one spot")
    return Truth(lot_id=lot_id, duration_s=float(duration), spots=spots)


def read_truth(path: Path) -> Truth:
    """Read and check a truth file; raises UsageError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not UTF-8; save the file as UTF-8") from None
    return parse_truth(text, file=str(path))


def _spans(value: object, *, file: str, key: str) -> tuple[Span, ...]:
    if not isinstance(value, list) or not value:
        raise UsageError(f'{file}: {key}: give a list of [second, "occupied" or "vacant"]')
    spans: list[Span] = []
    for index, item in enumerate(value):
        where = f"{file}: {key}[{index}]"
        if not isinstance(item, list) or len(item) != 2 or not _is_number(item[0]):
            raise UsageError(f'{where}: is {json.dumps(item)}; give [second, "occupied"]')
        if item[1] not in ("occupied", "vacant"):
            raise UsageError(f"{where}: is {json.dumps(item[1])}; give occupied or vacant")
        if not spans and item[0] != 0:
            raise UsageError(f"{where}: starts at {item[0]} s; the first state starts at 0.0")
        if spans and not item[0] > spans[-1].from_s:
            raise UsageError(f"{where}: {item[0]} s is not after {spans[-1].from_s} s; sort them")
        spans.append(Span(from_s=float(item[0]), occupancy=STATES[item[1]]))
    return tuple(spans)


def _is_number(value: object) -> TypeGuard[float]:
    # NaN compares unequal to itself; JSON as Python reads it knows NaN and Infinity.
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and value == value
        and abs(value) != float("inf")
    )
