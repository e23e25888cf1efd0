"""What is sent of each frame: the whole picture, or the patches of the regions that changed."""

import enum
import math
import threading
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from edge.encode import Colour, encode_jpeg, encode_patches, limit_width, shrink
from edge.frames import CapturedFrame, EncodedFrame, Image
from edge.gate import ChangeGate, GateSettings
from edge.masks import burn
from edge.plan import CutPlan
from models.patches import PatchCutter, reduction
from models.signatures import signatures
from models.strips import Cut


class Send(enum.Enum):
    """FRAMES: whole pictures. AUTO: strips once a plan has regions, whole pictures until then.
    STRIPS: nothing until then."""

    FRAMES = "frames"
    STRIPS = "strips"
    AUTO = "auto"


@dataclass(frozen=True)
class SendSettings:
    """What is sent, and how compressed.

    quality: of JPEGs of whole pictures, 1 to 100; strip_quality: of strips; doubtful_quality: of
    those patches in them of which the processor wants a better look. max_width: pixels; wider
    pictures are shrunk first. picture_s: seconds after which, where strips are sent, a whole
    picture is sent in between. private: no whole picture, ever.
    """

    send: Send = Send.AUTO
    private: bool = False
    quality: int = 80
    strip_quality: int = 40
    doubtful_quality: int = 96
    max_width: int | None = None
    picture_s: float = 60.0
    gate: GateSettings = field(default_factory=GateSettings)

    @property
    def may_go_without_plan(self) -> bool:
        """Whether whole pictures may be sent where there is nothing to cut."""
        return not self.private and self.send is not Send.STRIPS


@dataclass(frozen=True)
class SentCounts:
    """Totals since the process started: regions sent, regions left out as unchanged, pictures."""

    regions: int = 0
    unchanged: int = 0
    pictures: int = 0
    bytes: int = 0

    def __str__(self) -> str:
        return (
            f"regions_sent={self.regions} regions_unchanged={self.unchanged} "
            f"pictures={self.pictures} bytes={self.bytes}"
        )


@dataclass(frozen=True)
class _Sent:
    """What a frame showed: these places; coarse: those of them that deserve better if doubtful."""

    places: tuple[int, ...] = ()
    coarse: tuple[int, ...] = ()


@dataclass
class _View:
    """One plan at one size of picture."""

    plan: CutPlan
    size: tuple[int, int]  # of the picture: width, height
    reduce: int  # by which it is made smaller before it is cut
    cutter: PatchCutter
    gate: ChangeGate
    unanswered: dict[int, _Sent] = field(default_factory=dict)  # by sequence
    doubtful: set[int] = field(default_factory=set)  # places, as last told

    def answered(self, sequence: int, *, taken: bool, doubtful: Collection[int]) -> None:
        sent = self.unanswered.pop(sequence, _Sent())
        if not taken:
            self.gate.owe(sent.places)
            return
        self.doubtful.difference_update(sent.places)
        self.doubtful.update(set(doubtful).intersection(sent.places))
        # What it was unsure of by a coarse look it shall see finely at once, not when it changes.
        self.gate.owe(self.doubtful.intersection(sent.coarse))

    def split(self, places: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return those to be sent coarsely and those to be sent finely."""
        fine = tuple(place for place in places if place in self.doubtful)
        return tuple(place for place in places if place not in self.doubtful), fine


class Encoder:
    """Keeps what a processor holds of the view, so that only what changed is sent.

    `encode` runs in a worker thread; the rest is called by the event loop. Bounded: what is
    remembered of a view is its regions and what is unanswered, never more than the credits.
    """

    def __init__(self, settings: SendSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._plan: CutPlan | None = None
        self._view: _View | None = None
        self._picture_at: float | None = None
        self.counts = SentCounts()

    def begin(self, plan: CutPlan | None) -> None:
        """A stream began: its processor holds nothing of the view yet. plan: if it gave one.

        Also for a new layout version on the same stream.
        """
        with self._lock:
            self._plan, self._view = plan, None
            self._picture_at = None

    @property
    def plan(self) -> CutPlan | None:
        """The plan in use. From any thread."""
        return self._plan

    def answered(
        self, sequence: int, *, taken: bool, doubtful: Collection[int] = frozenset()
    ) -> None:
        """The processor is done with what was sent as `sequence`; not taken: it is still owed.

        doubtful: which of the places that it showed are to be shown finely until it says otherwise.
        """
        with self._lock:
            if self._view is not None:
                self._view.answered(sequence, taken=taken, doubtful=doubtful)

    def encode(
        self, frame: CapturedFrame, *, sequence: int, now: float, distrusted: bool = False
    ) -> EncodedFrame | None:
        """Return what is sent for `frame`, None if nothing may be. now: monotonic seconds.

        distrusted: nobody will look at it: a strip then only says that the camera is alive.
        """
        plan = self._plan
        image = limit_width(frame.image, self._settings.max_width)
        if plan is not None:
            burn(image, plan.masks)
        if self._settings.send is Send.FRAMES or plan is None or not plan.regions:
            allowed = self._settings.may_go_without_plan
            return self._whole(frame, image) if allowed else None
        return self._cut(frame, image, plan, sequence=sequence, now=now, distrusted=distrusted)

    def _whole(self, frame: CapturedFrame, image: Image) -> EncodedFrame:
        jpeg = encode_jpeg(image, quality=self._settings.quality)
        self._count(pictures=1, size=len(jpeg))
        return _encoded(frame, image, jpeg)

    def _cut(
        self,
        frame: CapturedFrame,
        image: Image,
        plan: CutPlan,
        *,
        sequence: int,
        now: float,
        distrusted: bool,
    ) -> EncodedFrame:
        view = self._view_of(plan, image)
        patches = view.cutter.sample(shrink(image, view.reduce))
        look = signatures(patches)
        whole = self._wants_whole(now)
        with self._lock:
            everything = tuple(range(len(plan.regions)))
            changed = view.gate.changed(look, now=now, doubtful=view.doubtful)
            places = everything if whole else changed
            if distrusted and not whole:
                places = ()
            else:
                view.gate.sent(places, look, now=now)
            coarse, fine = ((), ()) if whole else view.split(places)
            view.unanswered[sequence] = _Sent(places, coarse)
        if whole:
            return self._whole(frame, image)
        quality, finer = self._settings.strip_quality, self._settings.doubtful_quality
        jpeg = encode_patches(patches[list(coarse)], quality=quality, colour=Colour.QUARTER)
        cut = Cut(plan.plan_id, places, fine, len(jpeg) if fine else 0)
        jpeg += encode_patches(patches[list(fine)], quality=finer, colour=Colour.HALF)
        unchanged = len(plan.regions) - len(places)
        self._count(regions=len(places), unchanged=unchanged, size=len(jpeg))
        return replace(_encoded(frame, image, jpeg), cut=cut)

    def _wants_whole(self, now: float) -> bool:
        """Whether a whole picture is due: the first of a stream, for people to look at, and then
        one each so many seconds."""
        every_s = self._settings.picture_s
        if self._settings.private or every_s == math.inf:
            return False
        due = self._picture_at is None or now - self._picture_at >= every_s
        if due:
            self._picture_at = now
        return due

    def _view_of(self, plan: CutPlan, image: Image) -> _View:
        height, width = image.shape[:2]
        view = self._view
        if view is None or view.plan is not plan or view.size != (width, height):
            view = self._view = self._new_view(plan, width, height)
        return view

    def _new_view(self, plan: CutPlan, width: int, height: int) -> _View:
        # As the processor does with whole pictures, so that both see the same patches.
        reduce = reduction(plan.regions, width=width, height=height, spec=plan.spec)
        small = {"width": -(-width // reduce), "height": -(-height // reduce)}
        cutter = PatchCutter(plan.regions, **small, spec=plan.spec)
        gate = ChangeGate(self._settings.gate, len(plan.regions))
        return _View(plan, (width, height), reduce, cutter, gate)

    def _count(self, *, size: int, regions: int = 0, unchanged: int = 0, pictures: int = 0) -> None:
        self.counts = SentCounts(
            regions=self.counts.regions + regions,
            unchanged=self.counts.unchanged + unchanged,
            pictures=self.counts.pictures + pictures,
            bytes=self.counts.bytes + size,
        )


def _encoded(frame: CapturedFrame, image: Image, jpeg: bytes) -> EncodedFrame:
    return EncodedFrame(
        jpeg=jpeg,
        width=image.shape[1],
        height=image.shape[0],
        captured_at_us=frame.captured_at_us,
        position_us=frame.position_us,
    )
