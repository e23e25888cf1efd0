"""Rendered clips of one lot seen by two cameras, with layout and ground truth.

Only paths live here: importing this package loads neither numpy nor OpenCV.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CLIPS: Path = Path(__file__).parent


@dataclass(frozen=True)
class SampleLot:
    """The files of one rendered lot; `clips` maps a camera's id to its video."""

    layout: Path
    truth: Path
    clips: Mapping[str, Path]


NORTH = SampleLot(
    layout=CLIPS / "north.toml",
    truth=CLIPS / "north.truth.json",
    clips={
        "north-east": CLIPS / "north_east.mp4",
        "north-west": CLIPS / "north_west.mp4",
    },
)
