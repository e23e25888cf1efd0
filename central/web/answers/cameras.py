"""Cameras: their conditions, regions and nodes."""

from typing import Literal

from pydantic import Field

from central.layout.document import Camera as LayoutCamera
from central.layout.document import Layout
from central.ledger import records
from central.ledger.records import CameraState, LotState
from central.web.answers.marks import Instant, Marked, Model, Paged
from central.web.instants import text_of
from central.web.view import LotView

ConditionWord = Literal[
    "ok",
    "silent",
    "lost",
    "frozen",
    "dark",
    "bright",
    "blurred",
    "late",
    "resized",
    "nudged",
    "unheard",
]
CONDITIONS: dict[records.CameraCondition | None, ConditionWord] = {
    None: "unheard",
    records.CameraCondition.OK: "ok",
    records.CameraCondition.SILENT: "silent",
    records.CameraCondition.LOST: "lost",
    records.CameraCondition.FROZEN: "frozen",
    records.CameraCondition.DARK: "dark",
    records.CameraCondition.BRIGHT: "bright",
    records.CameraCondition.BLURRED: "blurred",
    records.CameraCondition.LATE: "late",
    records.CameraCondition.RESIZED: "resized",
    records.CameraCondition.NUDGED: "nudged",
}


class CameraCondition(Model):
    """What is the matter with a camera's pictures."""

    condition: ConditionWord = Field(
        description="unheard: nothing was heard of it, ever or since the ledger came back"
    )
    since: Instant | None
    detail: str = Field(description="one line for a person; empty when ok")

    @classmethod
    def of(
        cls, condition: records.CameraCondition | None, since_us: int, detail: str
    ) -> "CameraCondition":
        """Return what is sent of a condition."""
        since = text_of(since_us) if since_us else None
        return cls(condition=CONDITIONS[condition], since=since, detail=detail)


class CameraBrief(CameraCondition):
    """A camera's name and condition."""

    id: str
    name: str

    @classmethod
    def all_of(cls, lot: LotState, layout: Layout) -> "list[CameraBrief]":
        """Return the cameras of a lot in the layout's order."""
        return [
            cls(id=camera.camera_id, name=camera.name, **said.model_dump())
            for camera in layout.cameras
            for said in [_condition_of(lot, camera.camera_id)]
        ]


class Region(Model):
    """One spot's quadrilateral in a camera's picture."""

    spot: str
    polygon: list[tuple[float, float]] = Field(
        description="four corners, as fractions of the picture's width and height"
    )


class Camera(CameraBrief):
    """One camera and what it sees."""

    lot: str
    layout_version: int
    late_ms: float | None = Field(
        description="from capture to commit of its last change, and how far its clock differs; "
        "null: it changed nothing since this service was started"
    )
    regions: list[Region]
    masks: list[list[tuple[float, float]]] = Field(
        description="parts of the picture that nobody may see"
    )

    @classmethod
    def of_layout(cls, held: LotView, camera: LayoutCamera) -> "Camera":
        """Return what is sent of a camera."""
        lot = held.state
        late_us = held.late_us.get(camera.camera_id)
        return cls(
            id=camera.camera_id,
            name=camera.name,
            lot=lot.lot_id,
            layout_version=lot.layout_version,
            late_ms=None if late_us is None else late_us / 1000,
            regions=[
                Region(spot=region.spot_id, polygon=list(region.polygon))
                for region in camera.regions
            ],
            masks=[list(mask.polygon) for mask in camera.masks],
            **_condition_of(lot, camera.camera_id).model_dump(),
        )


class CamerasAnswer(Paged):
    """Cameras by id."""

    cameras: list[Camera]


class CameraAnswer(Marked):
    """One camera."""

    camera: Camera


def _condition_of(lot: LotState, camera_id: str) -> CameraCondition:
    states: dict[str, CameraState] = {state.camera_id: state for state in lot.cameras}
    state = states.get(camera_id, CameraState(camera_id, None))
    return CameraCondition.of(state.condition, state.since_us, state.detail)
