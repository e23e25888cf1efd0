"""What the classifier said of a day's frames, with the truth: all that policies are judged by."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from node.errors import UsageError

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Times = npt.NDArray[np.int64]


@dataclass(frozen=True)
class DayScores:
    """One camera's day.

    times_us: (T,) of capture. probabilities: (T, N) of occupied. occupied: (T, N), the truth.
    counted: (T, N), False where there is no truth. hours: (T,) of the day, for the plot.
    near: (N, N), whose vehicles may show in whose regions. stills: whether scores repeat as one
    picture is shown until the next; else each frame was looked at, though it may look alike.
    """

    name: str
    spot_ids: tuple[str, ...]
    times_us: Times
    hours: Floats
    probabilities: Floats
    occupied: Flags
    counted: Flags
    near: Flags
    model: str
    stills: bool = False

    @property
    def frame_s(self) -> float:
        """Seconds from a frame to the next."""
        return float(np.median(np.diff(self.times_us))) / 1e6

    def save(self, path: Path) -> None:
        """Write it to a .npz file."""
        with path.open("wb") as file:
            np.savez_compressed(
                file,
                name=np.array(self.name),
                spot_ids=np.array(self.spot_ids),
                times_us=self.times_us,
                hours=self.hours,
                probabilities=self.probabilities.astype(np.float32),
                occupied=self.occupied,
                counted=self.counted,
                near=self.near,
                model=np.array(self.model),
            )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; raises UsageError."""
        try:
            with np.load(path, allow_pickle=False) as kept:
                return cls(
                    name=str(kept["name"]),
                    spot_ids=tuple(str(spot) for spot in kept["spot_ids"]),
                    times_us=kept["times_us"],
                    hours=kept["hours"],
                    probabilities=kept["probabilities"].astype(np.float64),
                    occupied=kept["occupied"],
                    counted=kept["counted"],
                    near=kept["near"],
                    model=str(kept["model"]),
                )
        except (OSError, ValueError, KeyError) as error:
            raise UsageError(f"{path}: holds no scores ({error}); leave it out to render") from None
