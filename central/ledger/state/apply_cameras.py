"""Cameras' conditions: what is the matter with their pictures, and since when."""

from central.ledger.command import LoseCamera
from central.ledger.outcome import Done, Outcome
from central.ledger.records import CameraCondition, Occupancy
from central.ledger.state.changes import Changes
from central.ledger.state.deciding import decide
from central.ledger.state.present import Camera, Present

NOBODY_VOUCHES = "no processor vouches for it"


def report(
    present: Present,
    changes: Changes,
    camera: Camera,
    condition: int,
    since_us: int,
    detail: str,
) -> None:
    """Keep what is said of a camera of some lot.

    A condition lasts since it was first said: the same one again changes no more than its detail.
    """
    previous = camera.condition
    if camera.lot_id is None or (previous, camera.detail) == (condition, detail):
        return
    if previous != condition:
        camera.since_us = since_us
    camera.condition, camera.detail = condition, detail
    present.touched_cameras[camera] = None
    changes.add_camera(
        camera.lot_id, camera.camera_id, previous, condition, camera.since_us, detail
    )


def lose(present: Present, changes: Changes, command: LoseCamera) -> Outcome:
    """Forget what a silent camera said: what cannot be seen is unknown."""
    camera, since_us = present.camera(command.camera_id), command.silent_since_us
    if command.edition > 1:
        report(present, changes, camera, CameraCondition.SILENT, since_us, NOBODY_VOUCHES)
    for _, view in sorted(camera.views.items()):
        was_known = view.occupancy != Occupancy.UNKNOWN
        view.occupancy, view.confidence, view.captured_at_us = Occupancy.UNKNOWN, 0, since_us
        view.layout_version, view.model = 0, ""
        present.touched_views[view] = None
        if was_known:
            decide(present, changes, view.spot, since_us)
    return Done()
