"""A rendered day through the processor's own decode, cut and classify."""

from collections.abc import Callable

import cv2
import numpy as np

from benchmarks.day.scores import DayScores, Flags
from central.processor.classifier import model_name
from central.processor.decode import Undecodable, decode
from central.processor.neighbours import neighbours
from models.classifier import SpotClassifier
from models.patches import PatchCutter
from sample_videos.day import DayStudio
from sample_videos.day_schedule import DayPlan, make_day
from sample_videos.layout import regions
from sample_videos.lot import cameras
from sample_videos.motorcycle import KIND
from sample_videos.schedule import World
from sample_videos.truth import state_at, truth_of

CAMERA = "north-west"


def _motorcycles(world: World, spot_ids: tuple[str, ...], seconds: int) -> Flags:
    """(T, N): where a motorcycle is about. Whether its spot is taken is a question of rules."""
    found = np.zeros((seconds, len(spot_ids)), np.bool_)
    for life in world.cars:
        if life.car.shape.kind != KIND or life.spot.id not in spot_ids:
            continue
        there = [life.pose(float(second)) is not None for second in range(seconds)]
        found[:, spot_ids.index(life.spot.id)] |= np.array(there)
    return found


def rendered_scores(
    classifier: SpotClassifier,
    *,
    seed: int,
    seconds: float,
    width: int,
    progress: Callable[[], None] = lambda: None,
) -> DayScores:
    """Render 24 hours in `seconds` at one frame a second, and classify each frame.

    Cars and people move at their own pace; light and weather are in fast motion.
    """
    plan = DayPlan(seconds=seconds)
    world = make_day(seed, plan)
    camera = next(c for c in cameras(width, width * 9 // 16) if c.id == CAMERA)
    polygons = regions(camera)
    cutter = PatchCutter(
        [polygon.tolist() for polygon in polygons.values()],
        width=camera.width,
        height=camera.height,
        spec=classifier.spec,
    )
    studio = DayStudio(camera, world, plan, seed)
    found, hours = [], []
    for frame in studio.frames(1.0):
        quality = [cv2.IMWRITE_JPEG_QUALITY, frame.conditions.quality]
        _, encoded = cv2.imencode(".jpg", frame.picture, quality)
        picture = decode(encoded.tobytes(), width=camera.width, height=camera.height)
        assert not isinstance(picture, Undecodable), picture.reason
        found.append(classifier.probabilities(cutter.cut(picture)))
        hours.append(frame.conditions.hour)
        progress()
    truth = truth_of(world)
    occupied = np.array(
        [
            [state_at(truth[spot], float(second)) == "occupied" for spot in polygons]
            for second in range(len(found))
        ]
    )
    return DayScores(
        name=f"rendered day {seed}",
        spot_ids=tuple(polygons),
        times_us=np.arange(len(found), dtype=np.int64) * 1_000_000,
        hours=np.array(hours),
        probabilities=np.array(found, np.float64),
        occupied=occupied,
        near=neighbours([polygon.tolist() for polygon in polygons.values()]),
        counted=~_motorcycles(world, tuple(polygons), len(found)),
        model=model_name(classifier),
    )
