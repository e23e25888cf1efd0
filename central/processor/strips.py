"""A strip's JPEGs to its patches, as a camera cut them: only the shade is left to be done."""

import numpy as np

from central.processor.camera_view import CameraView, WrongAspect
from central.processor.decode import Undecodable, decode
from central.processor.frames import Cut, Frame, Outcome, Verdict
from models.patches import Image, PatchSpec
from models.strips import strip_size, unpack


def strip_patches(view: CameraView, frame: Frame, cut: Cut) -> Image | Verdict:
    """Return (places, *view.spec.shape) shaded patches, or the verdict on why there are none."""
    if (wrong := _nonsense(view, cut)) is not None:
        return wrong
    shade = view.shade(frame.width, frame.height)
    if isinstance(shade, WrongAspect):
        return Verdict(Outcome.WRONG_SIZE, shade.reason)
    patches = (
        _in_two(frame.jpeg, cut, view.spec)
        if cut.fine
        else _unpacked(frame.jpeg, len(cut.places), view.spec)
    )
    if isinstance(patches, Undecodable):
        return Verdict(Outcome.CORRUPT, patches.reason)
    shade.apply(patches, cut.places)
    return patches


def _nonsense(view: CameraView, cut: Cut) -> Verdict | None:
    if cut.plan_id != view.plan_id:
        return Verdict(Outcome.STALE_PLAN, f"plan {cut.plan_id} where {view.plan_id} is in use")
    count, spots = len(cut.places), len(view.spot_ids)
    if not _rise(cut.places) or (count and cut.places[-1] >= spots):
        return Verdict(Outcome.CORRUPT, f"places do not rise, or are not below {spots}")
    if not _rise(cut.fine) or not set(cut.fine) <= set(cut.places):
        return Verdict(Outcome.CORRUPT, "fine places do not rise, or are not among the places")
    return None


def _rise(places: tuple[int, ...]) -> bool:
    return list(places) == sorted(set(places))


def _in_two(jpeg: bytes, cut: Cut, spec: PatchSpec) -> Image | Undecodable:
    fine = np.isin(cut.places, cut.fine)
    patches = np.empty((len(fine), *spec.shape), dtype=np.uint8)
    for chosen, part in ((~fine, jpeg[: cut.fine_at]), (fine, jpeg[cut.fine_at :])):
        some = _unpacked(part, int(chosen.sum()), spec)
        if isinstance(some, Undecodable):
            return some
        patches[chosen] = some
    return patches


def _unpacked(jpeg: bytes, count: int, spec: PatchSpec) -> Image | Undecodable:
    if not count:
        return np.empty((0, *spec.shape), dtype=np.uint8)
    width, height = strip_size(count, spec)
    picture = decode(jpeg, width=width, height=height)
    return picture if isinstance(picture, Undecodable) else unpack(picture, count, spec)
