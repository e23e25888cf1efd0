"""Real pictures as `parkledger demo` takes them: a drone's video, and a fixed camera's stills."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from node.errors import OperationError

DRONE_S = 27.0
CNR_S = 239.0
STILL_S = 8  # for which each still is shown: a change is believed after 4 s


@dataclass(frozen=True)
class Lot:
    """What the demo shows, for how long, and its options."""

    name: str
    seconds: float
    arguments: tuple[str, ...]


def real_lots(
    data: Path, folder: Path, *, convert: Callable[[tuple[str, ...]], None] | None = None
) -> tuple[Lot, ...]:
    """Convert what lies in `data` into `folder`; raises OperationError."""
    convert = convert or _convert
    drone, cnr = folder / "drone.toml", folder / "cam3.toml"
    video, truth = folder / "cam3.mp4", folder / "cam3.truth.json"
    convert(
        (
            *(str(data / "videos" / "drone_lot_rois.json"), "--lot", "drone"),
            *("--camera-id", "drone", "--name", "Drone lot", "--out-layout", str(drone)),
        )
    )
    convert(
        (
            *(str(data / "frames" / "cnrext.json"), "--lot", "cnr", "--camera-id", "cam3"),
            *("--camera", "3", "--name", "CNR lot, camera 3", "--out-layout", str(cnr)),
            *("--out-video", str(video), "--out-truth", str(truth)),
            *("--fps", "2", "--seconds-per-frame", str(STILL_S)),
        )
    )
    source = str(data / "videos" / "drone_lot.mp4")
    return (
        Lot("drone video", DRONE_S, ("--source", source, "--layout", str(drone))),
        Lot(
            "CNR-EXT camera 3",
            CNR_S,
            ("--source", str(video), "--layout", str(cnr), "--truth", str(truth)),
        ),
    )


def _convert(arguments: tuple[str, ...]) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "node", "convert", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise OperationError(f"a lot cannot be converted: {ended.stderr.strip()}")
