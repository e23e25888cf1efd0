"""The last picture of each camera, in memory only, for who is allowed to look: `--pictures`."""

from dataclasses import dataclass, field

from central.processor.decode import jpeg_size
from central.processor.frames import Frame


@dataclass
class Pictures:
    """One picture a camera, of cameras that stream now: bounded by how many may."""

    _last: dict[str, Frame] = field(default_factory=dict)

    def note(self, camera_id: str, frame: Frame) -> None:
        """Take the place of the camera's picture before; strips are no pictures."""
        if frame.cut is None and jpeg_size(frame.jpeg) == (frame.width, frame.height):
            self._last[camera_id] = frame

    def forget(self, camera_id: str) -> None:
        """Drop the picture of a camera whose stream is over: nobody knows what is there now."""
        self._last.pop(camera_id, None)

    def latest(self, camera_id: str) -> Frame | None:
        """Return the camera's last picture, None if there is none."""
        return self._last.get(camera_id)
