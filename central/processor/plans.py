"""A camera's view as its node is told it: CameraView -> CutPlan."""

from central.layout.document import Corner
from central.processor.camera_view import CameraView
from protos import video_stream_pb2 as wire


def plan_of(view: CameraView) -> wire.CutPlan:
    """Return what a camera node needs to cut, to mask, and to see that it was moved."""
    camera, spec = view.camera, view.spec
    return wire.CutPlan(
        plan_id=view.plan_id,
        layout_version=view.layout_version,
        geometry=wire.PatchGeometry(
            size=spec.size, margin=spec.margin, surroundings=spec.surroundings
        ),
        regions=[
            wire.PlannedRegion(corners_millionths=_flat(region.corners))
            for region in camera.regions
        ],
        masks=[wire.PlannedMask(corners_millionths=_flat(mask.corners)) for mask in camera.masks],
        reference=camera.reference,
    )


def _flat(corners: tuple[Corner, ...]) -> list[int]:
    return [coordinate for corner in corners for coordinate in corner]
