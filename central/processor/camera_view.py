"""One camera's regions at one layout version, ready to be cut from frames of any one shape."""

from dataclasses import dataclass

from central.layout.document import Camera
from models.patches import PatchCutter, PatchSpec

ASPECT_TOLERANCE = 0.01
"""Share by which width / height may differ: 854x480 and 1280x720 are one shape."""


@dataclass(frozen=True)
class WrongAspect:
    """A frame whose shape the regions were not drawn for."""

    reason: str


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
    ) -> None:
        """aspect: width / height that an earlier version of the same regions was used with."""
        self.camera = camera
        self.layout_version = layout_version
        self.spot_ids = tuple(region.spot_id for region in camera.regions)
        self.aspect = aspect
        self._spec = spec
        self._cutter: PatchCutter | None = None

    def cutter(self, width: int, height: int) -> PatchCutter | WrongAspect:
        """Return the cutter for frames of that size in pixels; built only when the size changes.

        Raises ValueError for a size or a region that cannot be cut at all.
        """
        aspect = width / height
        if self.aspect is not None and abs(aspect / self.aspect - 1.0) > ASPECT_TOLERANCE:
            return WrongAspect(
                f"frame is {width}x{height}, aspect ratio {aspect:.3f}, where the regions are in "
                f"use at {self.aspect:.3f}: apply a layout whose regions are drawn on this picture"
            )
        cutter = self._cutter
        if cutter is None or (cutter.width, cutter.height) != (width, height):
            cutter = self._build(width, height)
            self._cutter = cutter
            self.aspect = self.aspect or aspect
        return cutter

    def _build(self, width: int, height: int) -> PatchCutter:
        polygons = [region.polygon for region in self.camera.regions]
        try:
            return PatchCutter(polygons, width=width, height=height, spec=self._spec)
        except ValueError as error:
            raise ValueError(f"camera '{self.camera.camera_id}': {error}") from error

    def successor(self, camera: Camera, *, layout_version: int) -> "CameraView":
        """Return the view at a newer layout version; redrawn regions forget the picture's shape."""
        same = camera.regions == self.camera.regions
        return CameraView(
            camera,
            layout_version=layout_version,
            spec=self._spec,
            aspect=self.aspect if same else None,
        )
