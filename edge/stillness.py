"""PURE: is the picture frozen? Sensor noise says that it is not; a repeated picture has none.

What a camera, recorder or gateway repeats comes exactly as it was, or, encoded anew, in as many
variants as its group of pictures has: the key frame, and what refines it. So the last few looks
are remembered, and a picture is still for as long as none but these come. A living picture has
another look at each key frame at the latest, however still it is and however thrifty the encoder.
A clock that is drawn into a frozen picture is too small to count.
"""

from collections import deque

import cv2
import numpy as np

from edge.glance import Thumbnail
from edge.persistence import Moment

_MOST_LOOKS = 6
_TILE = 16  # thumbnail's pixels: 64 of the picture's
_TILE_CHANGED = 0.15  # mean difference in grey levels; rounding in a re-scaler stays below
_SHARE_CHANGED = 0.03  # of the tiles; a clock or a camera's name takes one or two in a hundred


def same_look(one: Thumbnail, other: Thumbnail) -> bool:
    """Return whether two thumbnails show the same picture to the last bit of noise."""
    if one.shape != other.shape:
        return False
    difference = cv2.absdiff(one, other)
    rows, columns = (max(1, side // _TILE) for side in difference.shape)
    # Averages of tiles; in float, as an 8-bit average would round small differences away.
    tiles = cv2.resize(difference.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
    return float(np.mean(tiles > _TILE_CHANGED)) <= _SHARE_CHANGED


class Stillness:
    """Watches thumbnails."""

    def __init__(self) -> None:
        self._looks: deque[Thumbnail] = deque(maxlen=_MOST_LOOKS)
        self._began: Moment | None = None

    @property
    def since_us(self) -> int:
        """When the last new look appeared, by the camera's clock."""
        return 0 if self._began is None else self._began.at_us

    def observe(self, thumbnail: Thumbnail, at: Moment) -> float:
        """Take the next picture; return for how many seconds no new look has appeared."""
        known = any(same_look(thumbnail, look) for look in self._looks)
        if not known or self._began is None:
            self._looks.append(thumbnail)
            self._began = at
        return at.now - self._began.now
