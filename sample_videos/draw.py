"""One camera's frames: the resting picture once a light step, then only what moves."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos import ground
from sample_videos.camera import Camera, Floats
from sample_videos.cars import build_car
from sample_videos.light import Light, day
from sample_videos.people import build_person
from sample_videos.raster import Fragments, join, nearest, rasterise, take
from sample_videos.scenery import scenery
from sample_videos.schedule import CarLife, World
from sample_videos.sensor import Sensor
from sample_videos.shade import shade
from sample_videos.shadow import (
    BOTTOM,
    CELL,
    LEFT,
    Blockers,
    Box,
    ShadowMap,
    blockers,
    box_corners,
    cells_round,
    contact,
    grown,
)
from sample_videos.surface import ORIGIN, Body, Bytes, Pose

FINE = 2
"""Bodies are drawn at this many pixels a pixel each way and averaged: smooth edges."""
LIGHT_STEP = 1.0
"""Seconds: the sun stands still for this long; its shadows then move by a pixel or two."""
_BRIGHTEST = 5.0
"""A fragment's exposed light is cut off here, or one glint would whiten its whole pixel."""


@dataclass(frozen=True)
class _Thing:
    """A body at its place, as one camera sees it and as the sun sees it."""

    fragments: Fragments
    blockers: Blockers
    footprint: Floats | None


@dataclass(frozen=True)
class _Still:
    """The picture of all that rests, under one light."""

    light: Light
    shadows: ShadowMap
    sunlit: Floats
    skylit: Floats
    colour: Floats
    depth: Floats
    picture: Bytes


class Studio:
    """Draws the frames of one camera in one world. Frames may be asked for in any order."""

    def __init__(self, camera: Camera, world: World, seed: int) -> None:
        self._camera = camera
        self._fine = camera.scaled(FINE)
        self._world = world
        albedo = ground.albedo(self._fine, seed)
        size = (camera.width, camera.height)
        self._albedo = np.asarray(cv2.resize(albedo, size, interpolation=cv2.INTER_AREA))
        x, y, _ = camera.ground()
        self._map_x = (np.clip(x, -400, 400) - LEFT) / CELL - 0.5
        self._map_y = (np.clip(y, -400, 400) - BOTTOM) / CELL - 0.5
        self._scenery = self._place(scenery(seed), ORIGIN, None)
        self._sensor = Sensor(camera.width, camera.height, seed)
        self._bodies: dict[int, Body] = {}
        self._resting: dict[int, _Thing] = {}
        self._still_key: tuple[object, ...] = ()
        self._still: _Still | None = None
        self._merged_key: tuple[int, ...] = ()
        self._merged: Fragments = self._scenery.fragments

    def frame(self, index: int, time: float) -> Bytes:
        """The BGR picture (height, width, 3) at `time` seconds; `index` picks the noise."""
        still = self._rest(time)
        moving = self._moving(time)
        picture = self._with(still, moving) if moving else still.picture
        return self._sensor.expose(picture, index)

    def _place(self, body: Body, pose: Pose, footprint: Floats | None) -> _Thing:
        return _Thing(rasterise(body, pose, self._fine), blockers(body, pose), footprint)

    def _body(self, number: int) -> Body:
        if number not in self._bodies:
            self._bodies[number] = build_car(self._world.cars[number].car)
        return self._bodies[number]

    def _car(self, number: int, life: CarLife, time: float) -> _Thing | None:
        pose = life.pose(time)
        if pose is None:
            return None
        return self._place(self._body(number), pose, life.corners(time))

    def _moving(self, time: float) -> list[_Thing]:
        things = [
            self._car(number, life, time)
            for number, life in enumerate(self._world.cars)
            if life.moves(time)
        ]
        for walker in self._world.walkers:
            if walker.track.start <= time < walker.track.end:
                pose = walker.track.at(time)
                begin = walker.track.at(walker.track.start)
                walked = abs(pose.x - begin.x) + abs(pose.y - begin.y)
                things.append(self._place(build_person(walker.person, walked), pose, None))
        return [thing for thing in things if thing is not None and len(thing.fragments.pixel)]

    def _rest(self, time: float) -> _Still:
        step = int(time / LIGHT_STEP + 1e-6)
        resting = tuple(
            number
            for number, life in enumerate(self._world.cars)
            if not life.moves(time) and life.pose(time) is not None
        )
        key = (step, resting)
        if self._still is None or key != self._still_key:
            light = day(min(1.0, (step + 0.5) * LIGHT_STEP / self._world.seconds))
            self._still = self._draw_rest(resting, time, light)
            self._still_key = key
        return self._still

    def _draw_rest(self, resting: tuple[int, ...], time: float, light: Light) -> _Still:
        things = [self._scenery]
        for number in resting:
            # A car that comes or goes rests at one place only: its pose names no time.
            if number not in self._resting:
                thing = self._car(number, self._world.cars[number], time)
                assert thing is not None
                self._resting[number] = thing
            things.append(self._resting[number])
        if resting != self._merged_key:
            self._merged = nearest(join([thing.fragments for thing in things]))
            self._merged_key = resting
        shadows = ShadowMap(light)
        for thing in things:
            shadows.add(thing.blockers)
        pixels = self._fine.width * self._fine.height
        colour = np.zeros((pixels, 3), np.float32)
        depth = np.full(pixels, np.inf, np.float32)
        merged = self._merged
        colour[merged.pixel] = self._shaded(merged, light, shadows)
        depth[merged.pixel] = merged.depth
        sunlit = shadows.ground()
        skylit = contact([thing.footprint for thing in things if thing.footprint is not None])
        whole = (0, 0, self._camera.width, self._camera.height)
        linear = self._resolve(whole, light, sunlit, skylit, colour, depth)
        picture = self._sensor.develop(linear, light.exposure)
        return _Still(light, shadows, sunlit, skylit, colour, depth, picture)

    def _shaded(self, fragments: Fragments, light: Light, shadows: ShadowMap) -> Floats:
        lit = shadows.lit(fragments.points)
        colour = shade(fragments, self._camera.eye, light, lit)
        return np.minimum(colour, np.float32(_BRIGHTEST / light.exposure))

    def _with(self, still: _Still, moving: list[_Thing]) -> Bytes:
        """The resting picture with moving things and their shadows laid over it."""
        shadows = still.shadows.copy()
        sunlit, skylit = still.sunlit.copy(), still.skylit.copy()
        rectangles: list[Box] = []
        for thing in moving:
            touched = shadows.add(thing.blockers)
            if touched is not None:
                box = grown(touched, 6)
                left, top, right, bottom = box
                # Sun stopped by what rests stays stopped: the lesser of both.
                sunlit[top:bottom, left:right] = np.minimum(
                    sunlit[top:bottom, left:right], shadows.ground(box)
                )
                rectangles += self._seen(box_corners(box))
            if thing.footprint is not None:
                box = cells_round(thing.footprint, 2.0)
                left, top, right, bottom = box
                skylit[top:bottom, left:right] *= contact([thing.footprint], box)
                rectangles += self._seen(box_corners(box))
        undo: list[tuple[NDArray[np.int64], Floats, Floats]] = []
        for thing in moving:
            fragments = thing.fragments
            front = take(fragments, fragments.depth < still.depth[fragments.pixel])
            pixel = front.pixel
            if len(pixel):
                undo.append((pixel, still.colour[pixel], still.depth[pixel]))
                still.colour[pixel] = self._shaded(front, still.light, shadows)
                still.depth[pixel] = front.depth
                rectangles += self._covered(pixel)
        picture = still.picture.copy()
        for rectangle in rectangles:
            left, top, right, bottom = rectangle
            linear = self._resolve(
                rectangle, still.light, sunlit, skylit, still.colour, still.depth
            )
            picture[top:bottom, left:right] = self._sensor.develop(
                linear, still.light.exposure, top, left
            )
        for pixel, colour, depth in reversed(undo):
            still.colour[pixel] = colour
            still.depth[pixel] = depth
        return picture

    def _resolve(
        self,
        rectangle: Box,
        light: Light,
        sunlit: Floats,
        skylit: Floats,
        colour: Floats,
        depth: Floats,
    ) -> Floats:
        """Linear RGB of a rectangle: the lit ground, and over it the bodies with smooth edges."""
        left, top, right, bottom = rectangle
        part = slice(top, bottom), slice(left, right)
        maps = np.ascontiguousarray(self._map_x[part]), np.ascontiguousarray(self._map_y[part])
        sun = cv2.remap(
            sunlit, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=1
        )
        sky = cv2.remap(
            skylit, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=1
        )
        strength = np.asarray(light.sun, np.float32) * np.float32(light.sun_direction[2])
        # Under a car little sun comes in from the side either: contact dims both.
        incoming = (sun * (0.35 + 0.65 * sky))[..., None] * strength
        incoming += sky[..., None] * np.asarray(light.sky, np.float32)
        base = self._albedo[part] * incoming
        fine = slice(top * FINE, bottom * FINE), slice(left * FINE, right * FINE)
        shape = (self._fine.height, self._fine.width)
        size = (right - left, bottom - top)
        bodies = cv2.resize(colour.reshape(*shape, 3)[fine], size, interpolation=cv2.INTER_AREA)
        there = np.isfinite(depth.reshape(shape)[fine]).astype(np.float32)
        cover = cv2.resize(there, size, interpolation=cv2.INTER_AREA)
        return np.asarray(base * (1 - cover[..., None]) + bodies, np.float32)

    def _seen(self, corners: Floats) -> list[Box]:
        """The picture's rectangle round ground points, as a list of one or none."""
        pixels, depth = self._camera.project(corners)
        if float(depth.min()) < 0.5:
            return [(0, 0, self._camera.width, self._camera.height)]
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        return self._clipped(low[0] - 2, low[1] - 2, high[0] + 3, high[1] + 3)

    def _covered(self, pixel: NDArray[np.int64]) -> list[Box]:
        rows, columns = pixel // self._fine.width // FINE, pixel % self._fine.width // FINE
        return self._clipped(columns.min() - 1, rows.min() - 1, columns.max() + 2, rows.max() + 2)

    def _clipped(self, left: float, top: float, right: float, bottom: float) -> list[Box]:
        box = (
            max(0, int(left)),
            max(0, int(top)),
            min(self._camera.width, int(right)),
            min(self._camera.height, int(bottom)),
        )
        return [box] if box[0] < box[2] and box[1] < box[3] else []
