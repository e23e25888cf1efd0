"""A strip's JPEGs to scores: patches come as a camera cut them, but for the shade."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import lt

import numpy as np

from central.processor.camera_view import CameraView, WrongAspect
from central.processor.classifier import Classifier
from central.processor.decode import Undecodable, decode
from central.processor.frames import Cut, Frame, Outcome, Verdict
from central.processor.scores import Scores
from models.patches import Image, PatchSpec
from models.strips import strip_size, unpack


def classify_strip(
    classifier: Classifier, view: CameraView, frame: Frame, cut: Cut
) -> Scores | Verdict:
    """Return the scores of a strip's places, or the verdict on why there are none."""
    order = _order(view, cut)
    if isinstance(order, Verdict):
        return order
    shade = view.shade(frame.width, frame.height)
    if isinstance(shade, WrongAspect):
        return Verdict(Outcome.WRONG_SIZE, shade.reason)
    # Patches stay in the order in which they were sent: it is their scores that are put in order.
    patches = np.empty((len(order), *view.spec.shape), dtype=np.uint8)
    for part in _parts(frame.jpeg, cut):
        if (bad := _unpack(part.jpeg, patches[part.which], view.spec)) is not None:
            return Verdict(Outcome.CORRUPT, bad.reason)
    if not len(patches):
        return Scores((), cut.places)
    shade.apply(patches, [cut.places[at] for at in order])
    scores = np.empty(len(patches), dtype=np.float32)
    scores[order] = classifier.probabilities(patches)
    return Scores(scores, cut.places)


def _order(view: CameraView, cut: Cut) -> list[int] | Verdict:
    """Return which of the places each patch shows, as they were sent: coarse ones, then fine.

    Lists, for numpy takes three times as long for so few numbers.
    """
    if cut.plan_id != view.plan_id:
        return Verdict(Outcome.STALE_PLAN, f"plan {cut.plan_id} where {view.plan_id} is in use")
    places, spots = cut.places, len(view.spot_ids)
    if not all(map(lt, places, places[1:])) or (places and places[-1] >= spots):
        return Verdict(Outcome.CORRUPT, f"places do not rise, or are not below {spots}")
    finely = set(cut.fine)
    fine = [at for at, place in enumerate(places) if place in finely]
    if [places[at] for at in fine] != list(cut.fine):
        return Verdict(Outcome.CORRUPT, "fine places do not rise, or are not among the places")
    return [at for at, place in enumerate(places) if place not in finely] + fine


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
