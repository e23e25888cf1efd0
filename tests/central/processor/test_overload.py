"""More frames than a processor can classify: what it sheds, of whom, and how that ends."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

from protos import video_stream_pb2 as wire
from tests.central.processor.fake_camera import FakeCamera
from tests.central.processor.fake_classifier import MeteredClassifier
from tests.central.processor.fake_ledger import FakeLedger
from tests.central.processor.harness import layout, picture, running

CLASSIFIED, SHED = wire.FRAME_OUTCOME_CLASSIFIED, wire.FRAME_OUTCOME_OVERLOADED
CAMERAS = [f"cam{number}" for number in range(8)]
EAGER = CAMERAS[0]  # sends three frames where the others send one
ROUNDS, A_ROUND = 40, 2  # of all frames a processor classifies so many a round: a fifth


def jain(counts: list[int]) -> float:
    """Jain's index (DEC-TR-301, 1984): 1 if all have the same, 1/n if one has everything."""
    return sum(counts) ** 2 / (len(counts) * sum(count * count for count in counts))


async def test_all_cameras_lose_alike_the_oldest_frames_and_it_ends_by_itself() -> None:
    ledger, classifier, jpeg = FakeLedger(), MeteredClassifier(), picture("ovov")
    await ledger.apply(layout(*CAMERAS))
    async with (
        running(ledger, classifier=classifier) as processor,
        AsyncExitStack() as stack,
    ):
        cameras = {
            name: await stack.enter_async_context(FakeCamera(processor, name)) for name in CAMERAS
        }
        sent: Counter[str] = Counter()
        for _ in range(ROUNDS):
            for name, camera in cameras.items():
                for _ in range(3 if name == EAGER else 1):
                    await camera.send_frame(jpeg)
                    sent[name] += 1
            await classifier.allow(A_ROUND)
        classifier.open()

        outcomes: dict[str, Counter[int]] = {}
        for name, camera in cameras.items():
            acks = [await camera.read_ack() for _ in range(sent[name])]
            outcomes[name] = Counter(ack.outcome for ack in acks)
            assert acks[-1].outcome == CLASSIFIED, "the newest is never shed"
        counts = [outcomes[name][CLASSIFIED] for name in CAMERAS]
        assert jain(counts) > 0.98, f"who sends more gets no more: {counts}"
        assert max(counts) - min(counts) <= 3, counts
        text = processor.metrics()
        for name in CAMERAS:
            assert outcomes[name][CLASSIFIED] + outcomes[name][SHED] == sent[name]
            shed = f'frames_total{{camera="{name}",outcome="overloaded"}} {outcomes[name][SHED]}'
            assert shed in text

        answers = await asyncio.gather(
            *(camera.show("ovov", times=1) for camera in cameras.values())
        )
        assert [ack.outcome for ack in answers] == [CLASSIFIED] * len(CAMERAS)
