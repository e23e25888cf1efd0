"""A rendered day as a camera would send it: JPEGs, with the truth, kept for other classifiers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2
import numpy as np

from benchmarks.day.scores import Flags, Floats
from node.errors import UsageError
from sample_videos.camera import Camera
from sample_videos.day import DayFrame, DayStudio
from sample_videos.day_schedule import DayPlan, make_day
from sample_videos.layout import regions
from sample_videos.lot import cameras
from sample_videos.motorcycle import KIND
from sample_videos.schedule import World
from sample_videos.truth import state_at, truth_of

CAMERA = "north-west"


@dataclass(frozen=True)
class RenderedDay:
    """One camera's day, a frame a second.

    jpegs: T pictures. hours: (T,) of the day. polygons: (N, 4, 2), regions as fractions of the
    picture. occupied: (T, N), the truth. counted: (T, N), False where there is none.
    """

    seed: int
    width: int
    spot_ids: tuple[str, ...]
    polygons: Floats
    jpegs: tuple[bytes, ...]
    hours: Floats
    occupied: Flags
    counted: Flags

    def save(self, path: Path) -> None:
        """Write it to a .npz file."""
        part = path.with_name(f"{path.name}.part")  # what was interrupted is not taken for a day
        with part.open("wb") as file:
            np.savez(
                file,
                seed=np.array(self.seed),
                width=np.array(self.width),
                spot_ids=np.array(self.spot_ids),
                polygons=self.polygons,
                jpegs=np.frombuffer(b"".join(self.jpegs), np.uint8),
                ends=np.cumsum([len(jpeg) for jpeg in self.jpegs]),
                hours=self.hours,
                occupied=self.occupied,
                counted=self.counted,
            )
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; raises UsageError."""
        try:
            with np.load(path, allow_pickle=False) as kept:
                data, ends = kept["jpegs"].tobytes(), kept["ends"].tolist()
                begins = [0, *ends[:-1]]
                return cls(
                    seed=int(kept["seed"]),
                    width=int(kept["width"]),
                    spot_ids=tuple(str(spot) for spot in kept["spot_ids"]),
                    polygons=kept["polygons"],
                    jpegs=tuple(data[a:b] for a, b in zip(begins, ends, strict=True)),
                    hours=kept["hours"],
                    occupied=kept["occupied"],
                    counted=kept["counted"],
                )
        except (OSError, ValueError, KeyError) as error:
            raise UsageError(f"{path}: holds no day ({error}); remove it to render anew") from None

    def is_as_rendered(self) -> bool:
        """Whether today's renderer and encoder still give the same first picture."""
        now = _studio(_world(self.seed, len(self.jpegs)), self.seed, len(self.jpegs), self.width)
        return _encoded(next(now.frames(1.0))) == self.jpegs[0]


def _camera(width: int) -> Camera:
    return next(c for c in cameras(width, width * 9 // 16) if c.id == CAMERA)


def _world(seed: int, seconds: int) -> World:
    return make_day(seed, DayPlan(seconds=seconds))


def _studio(world: World, seed: int, seconds: int, width: int) -> DayStudio:
    return DayStudio(_camera(width), world, DayPlan(seconds=seconds), seed)


def _encoded(frame: DayFrame) -> bytes:
    quality = [cv2.IMWRITE_JPEG_QUALITY, frame.conditions.quality]
    return cv2.imencode(".jpg", frame.picture, quality)[1].tobytes()


def render(
    *, seed: int, seconds: int, width: int, progress: Callable[[], None] = lambda: None
) -> RenderedDay:
    """Render 24 hours in `seconds` at one frame a second.

    Cars and people move at their own pace; light and weather are in fast motion.
    """
    world = _world(seed, seconds)
    jpegs, hours = [], []
    for frame in _studio(world, seed, seconds, width).frames(1.0):
        jpegs.append(_encoded(frame))
        hours.append(frame.conditions.hour)
        progress()
    polygons = regions(_camera(width))
    truth = truth_of(world)
    occupied = [
        [state_at(truth[spot], float(second)) == "occupied" for spot in polygons]
        for second in range(len(jpegs))
    ]
    return RenderedDay(
        seed=seed,
        width=width,
        spot_ids=tuple(polygons),
        polygons=np.array(list(polygons.values()), np.float64),
        jpegs=tuple(jpegs),
        hours=np.array(hours),
        occupied=np.array(occupied),
        counted=~_motorcycles(world, tuple(polygons), len(jpegs)),
    )


def _motorcycles(world: World, spot_ids: tuple[str, ...], seconds: int) -> Flags:
    """(T, N): where a motorcycle is about. Whether its spot is taken is a question of rules."""
    found = np.zeros((seconds, len(spot_ids)), np.bool_)
    for spot, there in _motorcycle_times(world, seconds):
        if spot in spot_ids:
            found[:, spot_ids.index(spot)] |= there
    return found


def _motorcycle_times(world: World, seconds: int) -> Iterator[tuple[str, Flags]]:
    for life in world.cars:
        if life.car.shape.kind == KIND:
            times = [life.pose(float(second)) is not None for second in range(seconds)]
            yield life.spot.id, np.array(times)
