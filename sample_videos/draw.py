"""One camera's frames: the resting picture once a light step, then only what moves."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos import ground
from sample_videos.camera import Camera, Floats
from sample_videos.car_life import CarLife
from sample_videos.cars import build_car
from sample_videos.headlights import LAMP_RED, LAMP_WHITE, Glow, beam, beam_corners, lamp_places
from sample_videos.light import LAMP_COLOUR, Light, day, lamp_light
from sample_videos.lot import EDGE_Y
from sample_videos.noise import Noise
from sample_videos.people import build_person
from sample_videos.raster import Fragments, join, nearest, rasterise, take
from sample_videos.scenery import scenery
from sample_videos.schedule import World
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
    pose: Pose
    length: float = 0.0  # of a car; 0: it is none


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

    def __init__(
        self,
        camera: Camera,
        world: World,
        seed: int,
        *,
        light_at: Callable[[float], Light] | None = None,
        light_step: float = LIGHT_STEP,
        albedo: Floats | None = None,
    ) -> None:
        """light_at: the light at a second of the clip; None: a short clear day.

        albedo: (height, width, 3) linear RGB of the bare ground; None: the sample lot's own.
        """
        self._camera = camera
        self._light_at = light_at or (lambda time: day(min(1.0, time / world.seconds)))
        self._light_step = light_step
        self._fine = camera.scaled(FINE)
        self._world = world
        if albedo is None:
            size = (camera.width, camera.height)
            fine = ground.albedo(self._fine, seed)
            albedo = np.asarray(cv2.resize(fine, size, interpolation=cv2.INTER_AREA), np.float32)
        self._albedo = albedo
        x, y, distance = camera.ground()
        self.distance = distance
        self._ground_x, self._ground_y = np.clip(x, -400, 400), np.clip(y, -400, 400)
        ground_points = np.stack([self._ground_x, self._ground_y, np.zeros_like(x)], axis=-1)
        self._lamplit = lamp_light(ground_points, np.array([0, 0, 1], np.float32))[..., None]
        # How much the wet ground mirrors: more at a flat angle (Schlick), and in puddles.
        flat = np.clip(camera.eye[2] / np.maximum(distance, 1e-3), 0, 1)
        puddles = Noise(seed + 1).clouds(self._ground_x, self._ground_y, 5.0, 3)
        mirror = (0.03 + 0.97 * (1 - flat) ** 5) * np.clip(puddles * 2.4 - 0.4, 0.25, 1.3)
        mirror *= (np.abs(self._ground_x) < ground.LOT_X) & (np.abs(self._ground_y) < EDGE_Y)
        self._mirror = np.clip(mirror, 0, 1).astype(np.float32)[..., None]
        self._map_x = (np.clip(x, -400, 400) - LEFT) / CELL - 0.5
        self._map_y = (np.clip(y, -400, 400) - BOTTOM) / CELL - 0.5
        self._scenery = self._place(scenery(seed), ORIGIN, None)
        self.sensor = Sensor(camera.width, camera.height, seed)
        self._bodies: dict[int, Body] = {}
        self._resting: dict[int, _Thing] = {}
        self._still_key: tuple[object, ...] = ()
        self._still: _Still | None = None
        self._merged_key: tuple[int, ...] = ()
        self._merged: Fragments = self._scenery.fragments

    def frame(self, index: int, time: float) -> Bytes:
        """The BGR picture (height, width, 3) at `time` seconds; `index` picks the noise."""
        picture, _ = self.scene(time)
        return self.sensor.expose(picture, index)

    def scene(self, time: float) -> tuple[Bytes, list[Glow]]:
        """What falls on the lens at `time`, and the lamps of cars in it."""
        still = self._rest(time)
        moving = self._moving(time)
        picture = self._with(still, moving) if moving else still.picture
        lights = [thing for thing in moving if thing.length] if still.light.lamps else []
        return picture, [glow for thing in lights for glow in self._glows(thing, still.depth)]

    def scenery_share(self, polygon: Floats) -> float:
        """The share of a (4, 2) polygon, normalised, that trees, posts and hedges cover."""
        size = (self._fine.width, self._fine.height)
        inside = np.zeros(size[::-1], np.uint8)
        cv2.fillConvexPoly(inside, np.round(polygon * size).astype(np.int32), 1)
        covered = inside.reshape(-1)[self._scenery.fragments.pixel]
        return float(covered.sum()) / max(1, int(inside.sum()))

    def _glows(self, car: _Thing, depth: Floats) -> list[Glow]:
        glows = []
        for points, colour in (
            (lamp_places(car.length, front=True), LAMP_WHITE),
            (lamp_places(car.length, front=False), LAMP_RED),
        ):
            places = car.pose.to_world(points)
            ahead = np.array([np.cos(car.pose.heading), np.sin(car.pose.heading), 0.0])
            to_eye = self._camera.eye - places[0]
            facing = float(ahead @ to_eye) / float(np.linalg.norm(to_eye))
            facing = facing if colour is LAMP_WHITE else -facing
            pixels, far = self._camera.project(places)
            for (x, y), away in zip(pixels, far, strict=True):
                inside = 0 <= x < self._camera.width and 0 <= y < self._camera.height
                if facing <= 0.05 or away <= 1 or not inside:
                    continue
                fine = int(y * FINE) * self._fine.width + int(x * FINE)
                if depth[fine] > away - 1.0:
                    size = 0.16 * self._camera.focal / float(away)
                    glows.append(Glow(float(x), float(y), size, facing, colour))
        return glows

    def _place(
        self, body: Body, pose: Pose, footprint: Floats | None, length: float = 0.0
    ) -> _Thing:
        fragments = rasterise(body, pose, self._fine)
        return _Thing(fragments, blockers(body, pose), footprint, pose, length)

    def _body(self, number: int) -> Body:
        if number not in self._bodies:
            self._bodies[number] = build_car(self._world.cars[number].car)
        return self._bodies[number]

    def _car(self, number: int, life: CarLife, time: float) -> _Thing | None:
        pose = life.pose(time)
        if pose is None:
            return None
        length = life.car.shape.length
        return self._place(self._body(number), pose, life.corners(time), length)

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
        step = int(time / self._light_step + 1e-6)
        resting = tuple(
            number
            for number, life in enumerate(self._world.cars)
            if not life.moves(time) and life.pose(time) is not None
        )
        key = (step, resting)
        if self._still is None or key != self._still_key:
            light = self._light_at((step + 0.5) * self._light_step)
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
        linear = self._resolve(whole, light, sunlit, skylit, colour, depth, ())
        picture = self.sensor.develop(linear, light.exposure)
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
        beams = tuple(t for t in moving if t.length) if still.light.lamps else ()
        for thing in beams:
            rectangles += self._seen(beam_corners(thing.pose, thing.length))
        picture = still.picture.copy()
        for rectangle in rectangles:
            left, top, right, bottom = rectangle
            linear = self._resolve(
                rectangle, still.light, sunlit, skylit, still.colour, still.depth, beams
            )
            picture[top:bottom, left:right] = self.sensor.develop(
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
        beams: tuple[_Thing, ...],
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
        base = self._albedo[part] * self._lit_by_lamps(
            part, incoming, light, np.asarray(sky, np.float32), beams
        )
        if light.wet:
            base *= np.float32(1 - 0.45 * light.wet)
            base += light.wet * self._mirror[part] * np.asarray(light.horizon, np.float32)
        fine = slice(top * FINE, bottom * FINE), slice(left * FINE, right * FINE)
        shape = (self._fine.height, self._fine.width)
        size = (right - left, bottom - top)
        bodies = cv2.resize(colour.reshape(*shape, 3)[fine], size, interpolation=cv2.INTER_AREA)
        there = np.isfinite(depth.reshape(shape)[fine]).astype(np.float32)
        cover = cv2.resize(there, size, interpolation=cv2.INTER_AREA)
        return np.asarray(base * (1 - cover[..., None]) + bodies, np.float32)

    def _lit_by_lamps(
        self,
        part: tuple[slice, slice],
        incoming: Floats,
        light: Light,
        sky: Floats,
        beams: tuple[_Thing, ...],
    ) -> Floats:
        if not light.lamps:
            return incoming
        # No lamp throws a shadow of its own here; it is dark under and close to a car all the same.
        lamps = self._lamplit[part] * sky[..., None]
        for car in beams:
            lit = beam(self._ground_x[part], self._ground_y[part], car.pose, car.length)
            lamps = lamps + lit[..., None]
        return incoming + light.lamps * lamps * np.asarray(LAMP_COLOUR, np.float32)

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
