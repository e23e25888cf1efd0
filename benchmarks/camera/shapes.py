"""A picture of another shape, as the processor sees it: at the first frame, with no limit."""

from benchmarks.pipeline.scene import regions
from central.layout.document import Camera
from central.processor.camera_view import CameraView, WrongAspect
from models.patches import PatchSpec


def shape_is_noticed(usual: tuple[int, int], other: tuple[int, int]) -> tuple[bool, bool]:
    """Return whether frames of the other size are refused, and of the usual one taken again."""
    view = CameraView(Camera("bench", regions=regions()), layout_version=1, spec=PatchSpec(48, 0.2))
    taken = not isinstance(view.sampler(*usual), WrongAspect)
    refused = isinstance(view.sampler(*other), WrongAspect)
    again = not isinstance(view.sampler(*usual), WrongAspect)
    return taken and refused, again
