"""A strip's JPEGs to patches, which come as a camera cut them, but for the shade."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import lt

import numpy as np

from central.processor.camera_view import CameraView, WrongAspect
from central.processor.decode import Undecodable, decode
from central.processor.frames import Frame, Outcome, Verdict
from central.processor.reuse import Patches
from models.patches import Image, PatchSpec, Places
from models.strips import Cut, strip_size, unpack


def patches_of_strip(view: CameraView, frame: Frame, cut: Cut) -> Patches | Verdict:
    """Return the patches of a strip, or the verdict on why there are none."""
    whose = _whose(view, cut)
    if isinstance(whose, Verdict):
        return whose
    shade = view.shade(frame.width, frame.height)
    if isinstance(shade, WrongAspect):
        return Verdict(Outcome.WRONG_SIZE, shade.reason)
    # They stay in the order in which they were sent: it is their scores that are put in order.
    patches = np.empty((len(whose), *view.spec.shape), dtype=np.uint8)
    for part in _parts(frame.jpeg, cut):
        if (bad := _unpack(part.jpeg, patches[part.which], view.spec)) is not None:
            return Verdict(Outcome.CORRUPT, bad.reason)
    return Patches(patches, whose, shade, fine=len(cut.fine))


def _whose(view: CameraView, cut: Cut) -> Places | Verdict:
    """Return whose patches a strip's are, as they were sent: coarse ones, then fine."""
    if cut.plan_id != view.plan_id:
        return Verdict(Outcome.STALE_PLAN, f"plan {cut.plan_id} where {view.plan_id} is in use")
    places, spots = cut.places, len(view.spot_ids)
    if not _rise(places) or (places and places[-1] >= spots):
        return Verdict(Outcome.CORRUPT, f"places do not rise, or are not below {spots}")
    finely = set(cut.fine)
    coarse = [place for place in places if place not in finely]
    if not _rise(cut.fine) or len(coarse) + len(cut.fine) != len(places):
        return Verdict(Outcome.CORRUPT, "fine places do not rise, or are not among the places")
    return np.array([*coarse, *cut.fine], dtype=np.intp)


def _rise(places: tuple[int, ...]) -> bool:
    return all(map(lt, places, places[1:]))


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the JPEGs that a strip consists of, and which of its patches it holds."""

    jpeg: bytes
    which: slice


def _parts(jpeg: bytes, cut: Cut) -> Iterator[_Part]:
    if not cut.fine:
        yield _Part(jpeg, slice(None))
        return
    coarse = len(cut.places) - len(cut.fine)
    yield _Part(jpeg[: cut.fine_at], slice(coarse))
    yield _Part(jpeg[cut.fine_at :], slice(coarse, None))


def _unpack(jpeg: bytes, patches: Image, spec: PatchSpec) -> Undecodable | None:
    """Fill these patches from one JPEG; bytes for none are ignored."""
    if not len(patches):
        return None
    width, height = strip_size(len(patches), spec)
    picture = decode(jpeg, width=width, height=height, smooth=False)
    if isinstance(picture, Undecodable):
        return picture
    unpack(picture, patches, spec)
    return None
