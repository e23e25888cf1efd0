"""A camera that was moved proposes its regions' new places: check them and commit a new layout.

The camera node measures, as only it may see whole pictures; it has no way to the ledger, so its
processor commits, against the version that the camera measured by: whoever changed the layout
meanwhile wins, and the camera measures again.
"""

import logging
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from central.layout.document import MILLION, Camera, Corner, Layout, Mask
from central.layout.validate import check_layout
from central.ledger.interface import Ledger, LedgerError
from node.errors import UsageError

logger = logging.getLogger(__name__)

FARTHEST = 0.1
"""Of the picture's width or height, by which a corner may move; farther is another view."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Proposal:
    """What a camera says: nine numbers, row by row, from the old view's fractions to the new's.

    plan_id: whose regions are meant. reference: made to fit the new regions; empty: none.
    """

    plan_id: int
    homography: tuple[float, ...]
    reference: bytes


class Unfit(Exception):
    """The regions cannot be moved so; says why in one line."""


def realigned(camera: Camera, proposal: Proposal) -> Camera:
    """Return the camera with regions and masks where they lie now; raises Unfit.

    A mask's corner on the picture's edge stays there: what lay beyond it may be seen now.
    """
    matrix = np.array(proposal.homography)
    if matrix.shape != (9,) or not np.isfinite(matrix).all():
        raise Unfit("the homography is not nine finite numbers")
    matrix = matrix.reshape(3, 3)
    regions = []
    for region in camera.regions:
        a, b, c, d = (_moved(matrix, corner, region.spot_id) for corner in region.corners)
        if not all(0 <= value <= MILLION for corner in (a, b, c, d) for value in corner):
            raise Unfit(f"spot '{region.spot_id}' would lie partly outside the picture")
        regions.append(replace(region, corners=(a, b, c, d)))
    masks = [
        Mask(tuple(_mask_corner(matrix, corner) for corner in mask.corners))
        for mask in camera.masks
    ]
    return replace(
        camera,
        regions=tuple(regions),
        masks=tuple(masks),
        reference=proposal.reference if camera.reference else b"",
    )


def _moved(matrix: Floats, corner: Corner, what: str) -> Corner:
    x, y, depth = matrix @ (corner[0] / MILLION, corner[1] / MILLION, 1.0)
    if depth <= 0.1:
        raise Unfit(f"{what} would lie behind the camera")
    new = (round(x / depth * MILLION), round(y / depth * MILLION))
    if max(abs(new[0] - corner[0]), abs(new[1] - corner[1])) > FARTHEST * MILLION:
        raise Unfit(f"{what} would move by more than {FARTHEST:.0%} of the picture")
    return new


def _mask_corner(matrix: Floats, corner: Corner) -> Corner:
    x, y = (
        old if old in (0, MILLION) else min(MILLION, max(0, new))
        for old, new in zip(corner, _moved(matrix, corner, "a mask"), strict=True)
    )
    return x, y


async def commit_realigned(
    ledger: Ledger, *, lot_id: str, camera_id: str, layout_version: int, proposal: Proposal
) -> int | None:
    """Commit the lot's layout with this camera's regions moved; returns its version.

    None: it was not to be, which is logged; the camera's spots stay unknown until it is.
    """
    try:
        lot = (await ledger.get((lot_id,), with_layouts=True)).lot(lot_id)
        if lot is None or lot.layout is None or lot.layout_version != layout_version:
            logger.info("not realigned camera=%s: the layout changed meanwhile", camera_id)
            return None
        layout = _with_camera(lot.layout, camera_id, proposal)
        result = await ledger.apply(layout, expected_version=layout_version)
    except (Unfit, UsageError, LedgerError) as error:
        logger.warning("not realigned camera=%s: %s", camera_id, error)
        return None
    logger.warning("realigned camera=%s layout_version=%d", camera_id, result.version)
    return result.version


def _with_camera(layout: Layout, camera_id: str, proposal: Proposal) -> Layout:
    cameras = tuple(
        realigned(camera, proposal) if camera.camera_id == camera_id else camera
        for camera in layout.cameras
    )
    changed = replace(layout, cameras=cameras)
    check_layout(changed, source="realigned layout")
    return changed
