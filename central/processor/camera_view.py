"""One camera's regions at one layout version, ready to be cut from frames of any one shape."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from central.layout.document import Camera
from central.processor.decode import reduced
from central.processor.neighbours import Flags, neighbours
from models.patches import PatchCutter, PatchSpec, Shade, reduction

ASPECT_TOLERANCE = 0.01
"""Share by which width / height may differ: 854x480 and 1280x720 are one shape."""


@dataclass(frozen=True)
class WrongAspect:
    """A frame whose shape the regions were not drawn for."""

    reason: str


@dataclass(frozen=True)
class Sampler:
    """How to come from a JPEG to patches: decode it smaller by `reduce`, then cut."""

    reduce: int
    cutter: PatchCutter


class CameraView:
    """Cuts patches for one (camera, layout version).

    Regions are fractions of the picture, so another resolution only needs new maps. Another aspect
    ratio means another picture (cropped, letterboxed, turned): there the fractions name other
    places. The layout does not say for which shape it was drawn, so the first frame does.
    """

    def __init__(
        self,
        camera: Camera,
        *,
        layout_version: int,
        spec: PatchSpec,
        aspect: float | None = None,
        plan_id: int = 1,
    ) -> None:
        """aspect: width / height that an earlier version of the same regions was used with.

        plan_id: names regions, masks and reference among those that the camera was told.
        """
        self.camera = camera
        self.layout_version = layout_version
        self.spot_ids = tuple(region.spot_id for region in camera.regions)
        self.aspect = aspect
        self.spec = spec
        self.plan_id = plan_id
        self._sampler: tuple[tuple[int, int], Sampler] | None = None
        self._shade: Shade | None = None

    def sampler(self, width: int, height: int) -> Sampler | WrongAspect:
        """Return how to cut frames of that size in pixels; made only when the size changes.

        Raises ValueError for a size or a region that cannot be cut at all.
        """
        if self._sampler is not None and self._sampler[0] == (width, height):
            return self._sampler[1]
        if (wrong := self._take_shape(width, height)) is not None:
            return wrong
        polygons, spec = self._polygons, self.spec
        with self._naming_the_camera():
            reduce = reduction(polygons, width=width, height=height, spec=spec)
            small = {"width": reduced(width, reduce), "height": reduced(height, reduce)}
            sampler = Sampler(reduce, PatchCutter(polygons, **small, spec=spec))
        self._sampler = ((width, height), sampler)
        return sampler

    def shade(self, width: int, height: int) -> Shade | WrongAspect:
        """Return the shade for patches that a camera cut from frames of that size; as `cutter`.

        Whoever sends strips shows a whole picture once a minute or never: the maps for those, a
        megabyte for a hundred spots, are made anew for each rather than kept.
        """
        self._sampler = None
        shade = self._shade
        if shade is not None and (shade.width, shade.height) == (width, height):
            return shade
        if (wrong := self._take_shape(width, height)) is not None:
            return wrong
        with self._naming_the_camera():
            shade = Shade(self._polygons, width=width, height=height, spec=self.spec)
        self._shade = shade
        return shade

    @contextmanager
    def _naming_the_camera(self) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            raise ValueError(f"camera '{self.camera.camera_id}': {error}") from error

    @property
    def _polygons(self) -> list[tuple[tuple[float, float], ...]]:
        return [region.polygon for region in self.camera.regions]

    def near(self) -> Flags:
        """Return (N, N): whose vehicles may show in whose regions."""
        return neighbours(self._polygons)

    def _take_shape(self, width: int, height: int) -> WrongAspect | None:
        aspect = width / height
        if self.aspect is not None and abs(aspect / self.aspect - 1.0) > ASPECT_TOLERANCE:
            return WrongAspect(
                f"frame is {width}x{height}, aspect ratio {aspect:.3f}, where the regions are in "
                f"use at {self.aspect:.3f}: apply a layout whose regions are drawn on this picture"
            )
        self.aspect = self.aspect or aspect
        return None

    def successor(self, camera: Camera, *, layout_version: int) -> "CameraView":
        """Return the view at a newer layout version; redrawn regions forget the picture's shape."""
        same = camera.regions == self.camera.regions
        told = same and (camera.masks, camera.reference) == (
            self.camera.masks,
            self.camera.reference,
        )
        return CameraView(
            camera,
            layout_version=layout_version,
            spec=self.spec,
            aspect=self.aspect if same else None,
            plan_id=self.plan_id if told else self.plan_id + 1,
        )
