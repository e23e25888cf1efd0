"""From surfaces to fragments: the visible samples of a body in one camera's picture."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos.camera import Camera, Floats
from sample_videos.surface import Body, Bytes, Cloud, Finish, Pose, Surface

_MAX_SIDE = 1600
"""Samples along one side of a surface at most: bounds the memory of a body close to the lens."""


@dataclass(frozen=True)
class Fragments:
    """M samples that a camera sees: `pixel` (M,) is row * width + column of the picture."""

    pixel: NDArray[np.int64]
    depth: Floats
    points: Floats
    normals: Floats
    albedo: Floats
    finish: Bytes


def rasterise(body: Body, pose: Pose, camera: Camera) -> Fragments:
    """The nearest sample of the body in each pixel that it covers, in world axes."""
    parts = [_surface(surface, pose, camera) for surface in body.surfaces]
    parts += [_cloud(cloud, pose, camera) for cloud in body.clouds]
    return nearest(join(parts))


def join(parts: list[Fragments]) -> Fragments:
    """All fragments of the parts in one, hidden ones too."""
    if not parts:
        return _nothing()
    return Fragments(
        np.concatenate([part.pixel for part in parts]),
        np.concatenate([part.depth for part in parts]),
        np.concatenate([part.points for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.albedo for part in parts]),
        np.concatenate([part.finish for part in parts]),
    )


def take(fragments: Fragments, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> Fragments:
    return Fragments(
        fragments.pixel[chosen],
        fragments.depth[chosen],
        fragments.points[chosen],
        fragments.normals[chosen],
        fragments.albedo[chosen],
        fragments.finish[chosen],
    )


def stretch(grid: NDArray[np.generic], rows: int, columns: int, *, smooth: bool) -> Floats:
    """A grid (R, C, ...) sampled at rows x columns places, its corners on the corners."""
    height, width = grid.shape[:2]
    matrix = np.array(
        [
            [(width - 1) / max(columns - 1, 1), 0.0, 0.0],
            [0.0, (height - 1) / max(rows - 1, 1), 0.0],
        ]
    )
    how = cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST
    return cv2.warpAffine(  # type: ignore[return-value]
        grid,  # type: ignore[arg-type]
        matrix,
        (columns, rows),
        flags=how | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _surface(surface: Surface, pose: Pose, camera: Camera) -> Fragments:
    points = pose.to_world(surface.points)
    pixels, depth = camera.project(points)
    if not _in_view(pixels, depth, camera):
        return _nothing()
    rows = _samples(pixels, axis=0)
    columns = _samples(pixels, axis=1)
    normals = pose.turn(surface.normals)
    dense = stretch(points, rows, columns, smooth=True).reshape(-1, 3)
    dense_normals = stretch(normals, rows, columns, smooth=True).reshape(-1, 3)
    towards = camera.eye - dense
    facing = (dense_normals * towards).sum(axis=1)
    if surface.two_sided:
        dense_normals = np.where(facing[:, None] < 0, -dense_normals, dense_normals)
        seen = np.flatnonzero(facing != 0)
    else:
        seen = np.flatnonzero(facing > 0)
    albedo = stretch(surface.albedo, rows, columns, smooth=True).reshape(-1, 3)
    finish = stretch(surface.finish, rows, columns, smooth=False).reshape(-1).astype(np.uint8)
    return _splat(dense[seen], dense_normals[seen], albedo[seen], finish[seen], 2, camera)


def _samples(pixels: Floats, axis: int) -> int:
    """How many samples leave no hole along an axis: the widest step of the grid decides."""
    steps = np.abs(np.diff(pixels, axis=axis)).max(axis=-1)
    widest = float(np.quantile(steps, 0.98)) if steps.size else 1.0
    return int(np.clip(widest * (pixels.shape[axis] - 1) * 0.85 + 2, 2, _MAX_SIDE))


def _in_view(pixels: Floats, depth: Floats, camera: Camera) -> bool:
    if float(depth.min()) < 0.3:
        return False
    low, high = pixels.reshape(-1, 2).min(axis=0), pixels.reshape(-1, 2).max(axis=0)
    return bool((high > 0).all() and low[0] < camera.width and low[1] < camera.height)


def _cloud(cloud: Cloud, pose: Pose, camera: Camera) -> Fragments:
    points = pose.to_world(cloud.points)
    _, depth = camera.project(points)
    if float(depth.min()) < 0.3:
        return _nothing()
    side = int(np.clip(round(cloud.size * camera.focal / float(np.median(depth))), 1, 7))
    finish = np.full(len(points), Finish.MATTE, np.uint8)
    return _splat(points, pose.turn(cloud.normals), cloud.albedo, finish, side, camera)


def _splat(
    points: Floats, normals: Floats, albedo: Floats, finish: Bytes, side: int, camera: Camera
) -> Fragments:
    """Each sample paints a square of `side` pixels."""
    pixels, depth = camera.project(points)
    corner = np.floor(pixels - (side - 1) / 2).astype(np.int64)
    places: list[NDArray[np.int64]] = []
    owners: list[NDArray[np.int64]] = []
    for down in range(side):
        for right in range(side):
            column, row = corner[:, 0] + right, corner[:, 1] + down
            inside = np.flatnonzero(
                (column >= 0) & (column < camera.width) & (row >= 0) & (row < camera.height)
            )
            places.append(row[inside] * camera.width + column[inside])
            owners.append(inside)
    pixel, owner = np.concatenate(places), np.concatenate(owners)
    chosen = _first_by_depth(pixel, depth[owner])
    pixel, owner = pixel[chosen], owner[chosen]
    return Fragments(
        pixel, depth[owner], points[owner], normals[owner], albedo[owner], finish[owner]
    )


def nearest(fragments: Fragments) -> Fragments:
    """Only the nearest fragment of each pixel."""
    return take(fragments, _first_by_depth(fragments.pixel, fragments.depth))


def _first_by_depth(pixel: NDArray[np.int64], depth: Floats) -> NDArray[np.int64]:
    """For each pixel that occurs, the place of its nearest sample; ties go to the earlier one."""
    if not len(pixel):
        return np.empty(0, np.int64)
    low = int(pixel.min())
    # One 64-bit key, depth above place, makes the minimum the nearest sample.
    key = ((depth * 65536).astype(np.uint64) << np.uint64(32)) | np.arange(
        len(pixel), dtype=np.uint64
    )
    best = np.full(int(pixel.max()) - low + 1, np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(best, pixel - low, key)
    best = best[best != np.iinfo(np.uint64).max]
    return np.asarray(best & np.uint64(0xFFFFFFFF), np.int64)


def _nothing() -> Fragments:
    empty = np.empty((0, 3), np.float32)
    return Fragments(
        np.empty(0, np.int64),
        np.empty(0, np.float32),
        empty,
        empty,
        empty,
        np.empty(0, np.uint8),
    )
