"""Which pictures train, which calibrate, which are reported: by camera and by day, never by patch.

Neighbouring pictures of one spot are nearly the same, so a random split would report a figure
that means nothing.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Final

from models.datasets import LabelledFrame, LabelledPatch


class Part(Enum):
    """What a labelled picture is used for; each picture has exactly one use."""

    TRAIN = "train"
    CALIBRATION = "calibration"
    VALIDATION = "validation"
    DEMONSTRATION = "demonstration"


CNRPARK_B_HIDDEN: Final = frozenset({"1", "5", "18", "35", "40", "41", "42"})
"""Slots of CNRPark-B with nothing but leaves in the picture (chosen by eye, not by any model).

Their labels were made with knowledge that the picture does not hold; the card reports the camera
with and without them.
"""

_PKLOT_CALIBRATION: Final = "2012-10-14"
_PKLOT_VALIDATION: Final = "2012-10-25"
_CNREXT_CALIBRATION_CAMERA: Final = "9"
_CNREXT_VALIDATION_CAMERA: Final = "7"
_CNREXT_DEMONSTRATION_CAMERA: Final = "3"
_CNRPARK_CALIBRATION_HOUR: Final = "17"
_ACPDS_CALIBRATION_SHARE: Final = 0.12


def pklot_part(frame: LabelledFrame) -> Part:
    """PKLot by day: PUCPR until 13 October trains, 14-17 October calibrates, the rest validates."""
    day = frame.taken[:10]
    if frame.camera != "PUCPR" or day < _PKLOT_CALIBRATION:
        return Part.TRAIN
    return Part.CALIBRATION if day < _PKLOT_VALIDATION else Part.VALIDATION


def cnrext_part(frame: LabelledFrame) -> Part:
    """CNR-EXT by camera: 7 validates, 9 calibrates, 3 is kept whole for the demonstration."""
    return {
        _CNREXT_VALIDATION_CAMERA: Part.VALIDATION,
        _CNREXT_CALIBRATION_CAMERA: Part.CALIBRATION,
        _CNREXT_DEMONSTRATION_CAMERA: Part.DEMONSTRATION,
    }.get(frame.camera, Part.TRAIN)


def acpds_parts(frames: Sequence[LabelledFrame]) -> tuple[Part, ...]:
    """ACPDS by its own split; the last names of its training half calibrate.

    Names are numbered as the camera took them, so a tail of the names is a place of its own.
    """
    names = sorted(frame.image.name for frame in frames if frame.split == "train")
    first = names[len(names) - int(len(names) * _ACPDS_CALIBRATION_SHARE)]

    def part(frame: LabelledFrame) -> Part:
        if frame.split != "train":
            return Part.VALIDATION
        return Part.TRAIN if frame.image.name < first else Part.CALIBRATION

    return tuple(part(frame) for frame in frames)


def cnrpark_part(patch: LabelledPatch) -> Part:
    """CNRPark by camera: B validates, A trains until 17:00 and calibrates after."""
    if patch.camera.endswith("B"):
        return Part.VALIDATION
    hour = patch.taken[11:13]
    return Part.CALIBRATION if hour >= _CNRPARK_CALIBRATION_HOUR else Part.TRAIN
