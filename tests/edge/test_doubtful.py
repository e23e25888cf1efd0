"""Spots that the processor was not sure of are shown to it more finely."""

import asyncio
import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.camera import CameraNode
from edge.encode import Colour, encode_patches, shrink
from edge.encoder import SendSettings
from edge.frames import EncodedFrame
from edge.gate import GateSettings
from models.patches import Image, PatchCutter
from models.strips import Cut
from tests.edge.fake_processor import DEADLINE_S, FakeProcessor
from tests.edge.test_encoder import PLAN, SPEC, STRIPS_ONLY, Player
from tests.edge.test_private import endless, plan

EVERY = replace(STRIPS_ONLY, gate=GateSettings(threshold=0.0))
NOISE = np.random.default_rng(1).integers(0, 255, (120, 160, 3)).astype(np.uint8)


class Asked(Player):
    """Plays the same picture again and again, and is answered."""

    def show(self, *, doubtful: tuple[int, ...] = (), taken: bool = True) -> EncodedFrame:
        encoded = self.play(NOISE)
        assert encoded is not None
        self.encoder.answered(self.sequence, taken=taken, doubtful=doubtful)
        return encoded

    def cut(self, *, doubtful: tuple[int, ...] = (), taken: bool = True) -> Cut:
        cut = self.show(doubtful=doubtful, taken=taken).cut
        assert cut is not None
        return cut


def jpeg_of(places: tuple[int, ...], *, quality: int, colour: Colour) -> bytes:
    cutter = PatchCutter(PLAN.regions, width=80, height=60, spec=SPEC)
    patches: Image = cutter.sample(shrink(NOISE, 2))[list(places)]  # two pixels a patch pixel
    return encode_patches(patches, quality=quality, colour=colour)


def test_what_was_doubtful_is_sent_again_at_once_and_finely() -> None:
    player = Asked(STRIPS_ONLY)
    assert player.cut(doubtful=(1,)) == Cut(1, (0, 1, 2))
    again = player.show(doubtful=(1,))
    assert again.cut == Cut(1, (1,), fine=(1,))
    assert again.jpeg == jpeg_of((1,), quality=STRIPS_ONLY.doubtful_quality, colour=Colour.HALF)
    assert player.cut() == Cut(1, ()), "a fine look is not asked for twice"


def test_what_is_still_doubtful_is_shown_again_every_few_seconds() -> None:
    player = Asked(replace(STRIPS_ONLY, gate=GateSettings(doubtful_s=3.0)))
    player.show(doubtful=(1,))
    shown = [player.cut(doubtful=(1,)).places for _ in range(10)]
    assert shown.count((1,)) in (3, 4)
    assert set(shown) == {(1,), ()}
    assert any(player.cut().places == (1,) for _ in range(4)), "and now it leaves none"
    assert [player.cut().places for _ in range(6)] == [()] * 6


def test_a_strip_holds_both_kinds_one_after_the_other() -> None:
    player = Asked(EVERY)
    player.show(doubtful=(0, 2))
    both = player.show(doubtful=(0, 2))
    assert both.cut is not None
    assert (both.cut.places, both.cut.fine) == ((0, 1, 2), (0, 2))
    assert both.jpeg[: both.cut.fine_at] == jpeg_of(
        (1,), quality=EVERY.strip_quality, colour=Colour.QUARTER
    )
    assert both.jpeg[both.cut.fine_at :] == jpeg_of(
        (0, 2), quality=EVERY.doubtful_quality, colour=Colour.HALF
    )


def test_an_answer_speaks_of_the_places_that_were_shown_and_of_no_others() -> None:
    player = Asked(EVERY)
    player.show(doubtful=(0, 2, 77))
    assert player.cut(doubtful=(2,)).fine == (0, 2)
    assert player.cut(doubtful=(2,), taken=False).fine == (2,)
    assert player.cut().fine == (2,), "what was not taken was not looked at"
    assert player.cut().fine == ()


def test_a_whole_picture_is_good_enough_but_its_answer_counts() -> None:
    player = Asked(SendSettings())
    assert player.show(doubtful=(1,)).cut is None
    assert player.cut() == Cut(1, ())
    changed = np.ascontiguousarray(NOISE[::-1])
    sent = player.play(changed)
    assert sent is not None
    assert sent.cut is not None
    assert sent.cut.fine == (1,)
    assert set(sent.cut.places) > {1}


def test_a_new_plan_and_a_new_stream_know_of_no_doubt() -> None:
    player = Asked(EVERY)
    player.show(doubtful=(0, 1, 2))
    player.encoder.begin(replace(PLAN, plan_id=2))
    assert player.cut() == Cut(2, (0, 1, 2))


async def test_over_the_wire(tmp_path: Path) -> None:
    sending = SendSettings(picture_s=math.inf, gate=GateSettings(threshold=0.0))
    async with FakeProcessor() as processor:
        processor.plan = plan()
        processor.doubtful = (1,)
        node = CameraNode(endless(tmp_path, processor, sending))
        stop = asyncio.Event()
        async with asyncio.timeout(6 * DEADLINE_S):
            running = asyncio.create_task(node.run(stop))
            await processor.until(lambda: any(strip.fine for strip in processor.strips))
            stop.set()
            await running
    assert not processor.strips[0].fine
    fine = next(strip for strip in processor.strips if strip.fine)
    assert (list(fine.places), list(fine.fine)) == ([0, 1], [1])
    for part in (fine.jpeg[: fine.fine_at], fine.jpeg[fine.fine_at :]):
        assert part.startswith(b"\xff\xd8")
        assert part.endswith(b"\xff\xd9")
