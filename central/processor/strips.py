"""A strip's JPEGs to its patches, as a camera cut them: only the shade is left to be done."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

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
    patches = np.empty((len(cut.places), *view.spec.shape), dtype=np.uint8)
    for jpeg, places in _parts(frame.jpeg, cut):
        if (bad := _unpack(jpeg, patches, places, view.spec)) is not None:
            return Verdict(Outcome.CORRUPT, bad.reason)
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


def _parts(jpeg: bytes, cut: Cut) -> Iterator[tuple[bytes, npt.NDArray[np.intp]]]:
    """Each JPEG that a strip consists of, and whose patches it holds: places among the cut's."""
    if not cut.fine:
        yield jpeg, np.arange(len(cut.places))
        return
    fine = np.searchsorted(cut.places, cut.fine)  # both rise
    coarse = np.delete(np.arange(len(cut.places)), fine)
    yield jpeg[: cut.fine_at], coarse
    yield jpeg[cut.fine_at :], fine


def _unpack(
    jpeg: bytes, patches: Image, places: npt.NDArray[np.intp], spec: PatchSpec
) -> Undecodable | None:
    """Fill these of the patches from one JPEG; bytes for none are ignored."""
    if not len(places):
        return None
    width, height = strip_size(len(places), spec)
    picture = decode(jpeg, width=width, height=height, smooth=False)
    if isinstance(picture, Undecodable):
        return picture
    unpack(picture, patches, places, spec)
    return None
