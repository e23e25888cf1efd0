"""What one run of the demo is to do, checked before anything is started."""

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from central.demo.truth import Truth, read_truth
from central.layout.document import Layout
from central.layout.toml import read_layout
from node.address import Address
from node.errors import UsageError

REPLICAS = 3


@dataclass(frozen=True)
class CameraSource:
    """One camera of the layout and what it looks at: a file, a webcam's index or an rtsp URL."""

    camera_id: str
    source: str

    @property
    def live(self) -> bool:
        """Whether the source has no beginning and no end, so that it cannot be looped."""
        return self.source.isdecimal() or "://" in self.source


@dataclass(frozen=True)
class DemoSettings:
    """One run."""

    layout: Layout
    cameras: tuple[CameraSource, ...]
    truth: Truth | None
    seconds: float  # from the start of the cameras to their end
    fps: float  # frames a second that each camera sends
    fail_over: bool
    web: Address | None = None  # where the pages are served; None: nowhere


def sample_settings(*, seconds: float, fps: float, fail_over: bool) -> DemoSettings:
    """Return a run on the rendered lot that is shipped."""
    from sample_videos import NORTH

    layout = read_layout(NORTH.layout)
    cameras = tuple(
        CameraSource(camera.camera_id, str(NORTH.clips[camera.camera_id]))
        for camera in layout.cameras
    )
    for camera in cameras:
        _check_source(camera)
    return DemoSettings(
        layout=layout,
        cameras=cameras,
        truth=read_truth(NORTH.truth),
        seconds=seconds,
        fps=fps,
        fail_over=fail_over,
    )


def own_settings(
    sources: Sequence[str],
    layout_file: Path,
    truth_file: Path | None,
    *,
    seconds: float,
    fps: float,
    fail_over: bool,
) -> DemoSettings:
    """Return a run on somebody's own sources; raises UsageError where they do not fit together."""
    layout = read_layout(layout_file)
    if len(sources) != len(layout.cameras):
        names = ", ".join(camera.camera_id for camera in layout.cameras)
        raise UsageError(
            f"--source: {len(sources)} given, but {layout_file} has {len(layout.cameras)} "
            f"cameras ({names}); give one source for each, in that order"
        )
    cameras = tuple(
        CameraSource(camera.camera_id, source)
        for camera, source in zip(layout.cameras, sources, strict=True)
    )
    for camera in cameras:
        _check_source(camera)
    truth = None if truth_file is None else read_truth(truth_file)
    if truth is not None:
        _check_truth(truth, truth_file, layout, cameras)
    return DemoSettings(
        layout=layout,
        cameras=cameras,
        truth=truth,
        seconds=seconds,
        fps=fps,
        fail_over=fail_over,
    )


def _check_source(camera: CameraSource) -> None:
    # Whether it is a video the camera node will say; that it is there can be said before.
    if camera.live:
        return
    try:
        mode = Path(camera.source).stat().st_mode
    except OSError as error:
        raise UsageError(
            f"--source {camera.source}: cannot be read ({error.strerror}); "
            "give a video file, a webcam's index or an rtsp:// address"
        ) from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"--source {camera.source}: is a directory; give a video file")


def _check_truth(
    truth: Truth, file: Path | None, layout: Layout, cameras: Sequence[CameraSource]
) -> None:
    live = next((camera for camera in cameras if camera.live), None)
    if live is not None:
        raise UsageError(
            f"--truth {file}: camera {live.camera_id} is live, so no second of it is known; "
            "leave --truth out"
        )
    if truth.lot_id != layout.lot_id:
        raise UsageError(
            f"--truth {file}: is of lot '{truth.lot_id}', the layout of '{layout.lot_id}'; "
            "give the truth of the same lot"
        )
    strangers = sorted(set(truth.spots) - {spot.spot_id for spot in layout.spots})
    if strangers:
        raise UsageError(
            f"--truth {file}: spots.{strangers[0]}: is no spot of the layout "
            f"({len(strangers)} such); make both from the same source"
        )
