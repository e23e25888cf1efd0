"""What leaves for each frame, by what is asked for, what is known and what became of the last."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge.encoder import Encoder, Send, SendSettings
from edge.frames import CapturedFrame, EncodedFrame
from edge.gate import GateSettings
from edge.plan import CutPlan, Polygon
from models.patches import Image, PatchSpec
from models.strips import strip_size

SPEC = PatchSpec(16, 0.0)


def square(left: float) -> Polygon:
    return ((left, 0.2), (left + 0.2, 0.2), (left + 0.2, 0.8), (left, 0.8))


PLAN = CutPlan(1, 1, SPEC, regions=(square(0.1), square(0.4), square(0.7)))
STRIPS_ONLY = SendSettings(picture_s=math.inf)
MASK = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.15), (0.0, 0.15))


def scene(*bright: int) -> Image:
    image = np.full((120, 160, 3), 80, np.uint8)
    image[::4] = 100
    for place in bright:
        left = round(160 * (0.1 + 0.3 * place))
        image[24:96:2, left : left + 32] = 250
    return image


class Player:
    """Encodes one frame a second."""

    def __init__(self, settings: SendSettings, plan: CutPlan | None = PLAN) -> None:
        self.encoder = Encoder(settings)
        self.encoder.begin(plan)
        self.sequence = 0

    def play(self, image: Image, *, seconds: float = 1.0) -> EncodedFrame | None:
        self.sequence += 1
        frame = CapturedFrame(image, self.sequence * 1_000_000, self.sequence)
        self.now = getattr(self, "now", 0.0) + seconds
        return self.encoder.encode(frame, sequence=self.sequence, now=self.now)

    def places(self, image: Image, *, seconds: float = 1.0) -> tuple[int, ...]:
        encoded = self.play(image, seconds=seconds)
        assert encoded is not None
        assert encoded.cut is not None
        assert bool(encoded.jpeg) == bool(encoded.cut.places)
        return encoded.cut.places

    def answer(self, *, taken: bool) -> None:
        self.encoder.answered(self.sequence, taken=taken)


def decoded(encoded: EncodedFrame | None) -> Image:
    assert encoded is not None
    image = cv2.imdecode(np.frombuffer(encoded.jpeg, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(image, np.uint8)


@pytest.mark.parametrize(
    ("settings", "plan", "expected"),
    [
        (SendSettings(), None, "whole"),
        (SendSettings(), replace(PLAN, regions=()), "whole"),
        (SendSettings(), PLAN, "whole"),  # for people to look at; a processor reads it as well
        (SendSettings(picture_s=math.inf), PLAN, "strip"),
        (SendSettings(send=Send.FRAMES), PLAN, "whole"),
        (SendSettings(send=Send.STRIPS), None, "nothing"),
        (SendSettings(send=Send.STRIPS), PLAN, "whole"),
        (SendSettings(private=True), None, "nothing"),
        (SendSettings(private=True), replace(PLAN, regions=()), "nothing"),
        (SendSettings(private=True), PLAN, "strip"),
    ],
)
def test_what_is_sent_first(settings: SendSettings, plan: CutPlan | None, expected: str) -> None:
    encoded = Player(settings, plan).play(scene())
    if encoded is None:
        assert expected == "nothing"
    else:
        assert expected == ("whole" if encoded.cut is None else "strip")
        assert (encoded.width, encoded.height) == (160, 120)
        assert (encoded.captured_at_us, encoded.position_us) == (1_000_000, 1)


def test_a_strip_is_the_patches_that_changed() -> None:
    player = Player(STRIPS_ONLY)
    assert player.places(scene(0)) == (0, 1, 2)
    assert player.places(scene(0)) == ()
    encoded = player.play(scene(0, 2))
    assert encoded is not None
    assert encoded.cut is not None
    assert encoded.cut.places == (2,)
    assert decoded(encoded).shape[:2] == strip_size(1, SPEC)[::-1]
    counts = player.encoder.counts
    assert (counts.regions, counts.unchanged, counts.pictures) == (4, 5, 0)


def test_a_whole_picture_among_strips_and_what_it_shows_is_not_sent_again() -> None:
    player = Player(SendSettings(picture_s=10.0))
    first = player.play(scene())
    assert first is not None
    assert first.cut is None
    assert player.places(scene()) == ()
    encoded = player.play(scene(1), seconds=10.0)
    assert encoded is not None
    assert encoded.cut is None
    assert decoded(encoded).shape == (120, 160, 3)
    assert player.places(scene(1)) == ()


def test_a_private_camera_sends_none_even_then() -> None:
    player = Player(SendSettings(private=True, picture_s=10.0))
    for _ in range(10):
        player.places(scene(), seconds=10.0)
    assert player.encoder.counts.pictures == 0


def test_what_a_processor_did_not_take_is_sent_again() -> None:
    player = Player(STRIPS_ONLY)
    player.places(scene())
    player.answer(taken=True)
    assert player.places(scene(1)) == (1,)
    player.answer(taken=False)
    assert player.places(scene(1)) == (1,)
    player.answer(taken=True)
    assert player.places(scene(1)) == ()


def test_a_new_stream_and_a_new_plan_begin_with_everything() -> None:
    player = Player(STRIPS_ONLY)
    player.places(scene())
    player.encoder.begin(replace(PLAN))
    assert player.places(scene()) == (0, 1, 2)
    player.encoder.begin(replace(PLAN, plan_id=2, regions=PLAN.regions[:2]))
    encoded = player.play(scene())
    assert encoded is not None
    assert encoded.cut is not None
    assert (encoded.cut.plan_id, encoded.cut.places) == (2, (0, 1))
    player.encoder.answered(1, taken=False)  # of a plan that is no more
    assert player.places(scene()) == ()


def test_another_size_of_picture_begins_with_everything() -> None:
    player = Player(STRIPS_ONLY)
    player.places(scene())
    larger = np.asarray(cv2.resize(scene(), (320, 240)), np.uint8)
    assert player.places(larger) == (0, 1, 2)


@pytest.mark.parametrize("send", Send)
def test_masks_are_black_in_whatever_is_sent(send: Send) -> None:
    covering = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    player = Player(SendSettings(send=send), replace(PLAN, masks=(covering,)))
    assert decoded(player.play(scene(0, 1, 2))).max() < 8


def test_a_mask_hides_its_part_only_and_also_of_a_shrunken_picture() -> None:
    settings = SendSettings(send=Send.FRAMES, max_width=80)
    picture = decoded(Player(settings, replace(PLAN, masks=(MASK,))).play(scene()))
    assert picture.shape == (60, 80, 3)
    assert picture[:8].max() < 16
    assert picture[16:].min() > 40


def test_gate_settings_are_kept() -> None:
    player = Player(SendSettings(picture_s=math.inf, gate=GateSettings(threshold=0.0)))
    assert [player.places(scene()) for _ in range(3)] == [(0, 1, 2)] * 3


def test_while_nobody_looks_strips_are_empty_and_then_all_is_sent() -> None:
    player = Player(STRIPS_ONLY)
    player.places(scene())
    frame = CapturedFrame(scene(1), 9, 9)
    quiet = player.encoder.encode(frame, sequence=50, now=2.0, distrusted=True)
    assert quiet is not None
    assert quiet.cut is not None
    assert quiet.cut.places == ()
    player.encoder.answered(50, taken=False)
    assert player.places(scene(1)) == (1,)


def test_patches_of_a_large_picture_are_cut_from_the_mean_of_its_pixels() -> None:
    """Sampled as they are, lines finer than a patch pixel would be hit or missed."""
    fine = np.zeros((480, 960, 3), np.uint8)
    fine[:, ::2] = 200
    plan = replace(PLAN, regions=(((0.1, 0.2), (0.3, 0.2), (0.3, 0.8), (0.1, 0.8)),))
    sent = Player(STRIPS_ONLY, plan).play(fine)
    assert sent is not None
    assert (sent.width, sent.height) == (960, 480), "regions lie in the picture as captured"
    strip = cv2.imdecode(np.frombuffer(sent.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert strip is not None
    assert np.abs(strip.astype(int) - 100).max() <= 2


def test_strips_have_a_quality_of_their_own() -> None:
    noisy = np.random.default_rng(1).integers(0, 255, (120, 160, 3)).astype(np.uint8)
    sizes = []
    for quality in (30, 90):
        strip = Player(replace(STRIPS_ONLY, strip_quality=quality, quality=50)).play(noisy)
        assert strip is not None
        sizes.append(len(strip.jpeg))
    assert sizes[0] < sizes[1] / 2
