"""PURE: which cameras somebody vouches for, as the primary told last.

What the ledger holds of a camera was true when it was committed. Where all of it was stopped, or
nobody could speak to it, that was long ago: the primary says `silent` of a camera only once it has
listened for a while. Until then a camera that was ok, and that no processor has spoken for since,
is *doubted*: nobody is told that it is ok. This is the one place that decides so; the view says it
to all who read the present.
"""

from collections.abc import Iterable

from central.ledger.records import CameraChange, CameraCondition, CameraState, NodeKind, NodeStatus

VOUCHED_S = 15.0
"""Seconds after a processor's word for which it counts. A fail-over, after which the new primary
has to be told anew by everybody, takes less."""

DOUBT = "it saw well when it was last heard of"


class Vouching:
    """What the primary told. Times are of one monotonic clock, in seconds."""

    def __init__(self) -> None:
        self._heard_at: dict[str, float] = {}
        self._asked = False

    def heard(self, changes: Iterable[CameraChange], *, now: float) -> None:
        """Take what was just committed: to say that a camera is ok somebody must have seen it."""
        for change in changes:
            if change.condition is CameraCondition.OK:
                self._heard_at[change.camera_id] = now

    def note(self, nodes: Iterable[NodeStatus], *, asked: float) -> None:
        """Take an answer to a question of that time."""
        self._asked = True
        heard_at = dict(self._heard_at)
        for node in nodes:
            if node.report.kind is NodeKind.CAMERA:
                at = asked - node.age_us / 1e6
                camera_id = node.report.node_id
                heard_at[camera_id] = max(at, heard_at.get(camera_id, at))
        self._heard_at = {
            camera_id: at for camera_id, at in heard_at.items() if at >= asked - VOUCHED_S
        }

    def doubts(self, camera: CameraState) -> bool:
        """Whether the camera, which was ok as committed, is doubted.

        While the primary does not answer that stays as it was: how old answers are is told by
        their marks.
        """
        return (
            camera.condition is CameraCondition.OK
            and self._asked
            and camera.camera_id not in self._heard_at
        )


def doubted(camera: CameraState) -> CameraState:
    """Return what is said of a doubted camera: nothing was heard of it, and what it was before."""
    return CameraState(camera.camera_id, None, detail=DOUBT)


def is_believed(camera: CameraState) -> bool:
    """Whether spots may be published as this camera last saw them."""
    return camera.condition is CameraCondition.OK or (
        camera.condition is None and camera.detail != DOUBT
    )
