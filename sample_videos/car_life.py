"""Where one car is at any time of a clip."""

from dataclasses import dataclass

import numpy as np

from sample_videos.camera import Floats
from sample_videos.cars import Car, footprint
from sample_videos.lot import Spot
from sample_videos.motion import Track
from sample_videos.surface import Pose


@dataclass(frozen=True)
class CarLife:
    """One car: parked from `parked_from` on, or until its track begins, or all the time."""

    car: Car
    spot: Spot
    rest: Pose
    track: Track | None = None
    comes: bool = False
    since: float = -np.inf
    until: float = np.inf
    """Outside of [since, until) another life of the same car holds: it came, and later it goes."""

    def pose(self, time: float) -> Pose | None:
        """Where it is, or None where it is not in the lot."""
        if not self.since <= time < self.until:
            return None
        if self.track is None:
            return self.rest
        if self.comes:
            if time < self.track.start:
                return None
            return self.track.at(time) if time < self.track.end else self.rest
        if time < self.track.start:
            return self.rest
        return self.track.at(time) if time < self.track.end else None

    def moves(self, time: float) -> bool:
        return self.track is not None and self.track.start <= time < self.track.end

    def corners(self, time: float) -> Floats | None:
        """(4, 2) corners of its body on the ground."""
        pose = self.pose(time)
        if pose is None:
            return None
        flat = np.zeros((4, 3), np.float32)
        flat[:, :2] = footprint(self.car.shape)
        return pose.to_world(flat)[:, :2]
