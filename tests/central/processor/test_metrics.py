"""Metrics: what is counted, how it is written, and over HTTP."""

import asyncio
from dataclasses import replace

from central.processor.frames import Outcome
from central.processor.metrics import Metrics
from node.address import Address
from node.metrics import MetricsServer, family
from tests.central.processor.fake_camera import FakeCamera
from tests.central.processor.fake_classifier import DEADLINE, GatedClassifier
from tests.central.processor.fake_ledger import FakeLedger
from tests.central.processor.harness import picture, running, settings


async def get(
    address: Address, request: bytes = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
) -> str:
    async with asyncio.timeout(DEADLINE):
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(request)
        answer = await reader.read()
        writer.close()
    return answer.decode()


def test_counters_and_buckets() -> None:
    metrics = Metrics()
    for seconds in (0.005, 0.01, 0.2, 99.0):
        metrics.took(seconds)
    metrics.frame("c1", Outcome.OVERLOADED)
    metrics.changes("c1", 3)
    text = metrics.text(streaming=2)
    assert 'parkledger_processor_frames_total{camera="c1",outcome="overloaded"} 1' in text
    assert 'parkledger_processor_changes_total{camera="c1"} 3' in text
    assert "parkledger_processor_cameras 2" in text
    assert 'frame_seconds_bucket{le="0.01"} 2' in text
    assert 'frame_seconds_bucket{le="0.25"} 3' in text
    assert 'frame_seconds_bucket{le="+Inf"} 4' in text
    assert "parkledger_processor_frame_seconds_count 4" in text


def test_labels_are_escaped() -> None:
    assert family("m", "gauge", "h", [({"a": 'x"\\\n'}, 1.5)]).splitlines()[-1] == (
        'm{a="x\\"\\\\\\n"} 1.5'
    )


async def test_what_is_shed_is_said_and_the_newest_is_classified(ledger: FakeLedger) -> None:
    """An overloaded processor sheds each camera's older frames, of all cameras alike."""
    classifier = GatedClassifier()
    configured = replace(settings(), metrics=Address("127.0.0.1", 0))
    async with (
        running(ledger, configured, classifier=classifier) as processor,
        FakeCamera(processor) as camera,
    ):
        jpeg = picture("ovov")
        sent = [await camera.send_frame(jpeg)]
        await classifier.wait_inside()
        sent += [await camera.send_frame(jpeg) for _ in range(9)]
        address = processor.metrics_address
        assert address is not None
        async with asyncio.timeout(DEADLINE):
            # A page is all there is to be waited on.
            while 'outcome="overloaded"} 8' not in await get(address):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        classifier.gate.set()
        acks = [await camera.read_ack() for _ in sent]
        text = await get(address)
    assert [ack.sequence for ack in acks] == sent
    assert text.startswith("HTTP/1.1 200 OK")
    assert 'parkledger_processor_frames_total{camera="cam1",outcome="classified"} 2' in text
    assert "parkledger_processor_cameras 1" in text


async def test_other_requests_are_refused_and_nonsense_costs_nothing() -> None:
    server = MetricsServer(Address("127.0.0.1", 0), lambda: "x 1\n")
    await server.start()
    try:
        assert "404" in (await get(server.address, b"GET /else HTTP/1.1\r\n\r\n")).splitlines()[0]
        assert (
            "404" in (await get(server.address, b"POST /metrics HTTP/1.1\r\n\r\n")).splitlines()[0]
        )
        assert await get(server.address, b"x" * 20_000 + b"\r\n\r\n") == ""
        assert await get(server.address, b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 200) == ""
        assert (await get(server.address)).endswith("x 1\n")
    finally:
        await server.close()
