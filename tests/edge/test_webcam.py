"""Webcams, as far as that can be known without one: by a fake in OpenCV's place."""

import logging
import random
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.capture import VideoReader, prefer_large_and_prompt
from edge.frames import CapturedFrame
from edge.grabber import Grabber
from edge.reader import Reader, SourceUnavailable
from edge.source import Source, SourceKind, parse_source
from node.backoff import Backoff
from tests.edge.fake_capture import FakeCapture
from tests.edge.test_grabber import DEADLINE_S, WEBCAM, Catcher


def picture(width: int, height: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((height, width, 3), 90, np.uint8)


@pytest.mark.parametrize(
    ("text", "location"), [("0", "0"), ("10", "10"), ("/dev/video0", "0"), ("/dev/video12", "12")]
)
def test_an_index_or_a_device_names_one(text: str, location: str) -> None:
    assert parse_source(text) == Source(SourceKind.WEBCAM, location, f"webcam {location}")


def test_a_link_to_a_device_that_is_no_webcam_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "by-id"
    link.symlink_to("/dev/null")
    with pytest.raises(Exception, match="is neither a file nor a folder"):
        parse_source(str(link))


@pytest.mark.parametrize("location", ["987", "/dev/v4l/by-id/usb-none"])
def test_no_such_device_is_said_in_a_line(location: str) -> None:
    source = Source(SourceKind.WEBCAM, location, f"webcam {location}")
    with pytest.raises(SourceUnavailable) as caught:
        VideoReader.open(source)
    assert str(caught.value) == f"webcam {location} cannot be opened"


def test_large_compressed_pictures_and_few_buffers_are_asked_for_and_a_no_is_taken() -> None:
    capture = FakeCapture([])
    prefer_large_and_prompt(capture)
    assert capture.wanted == {
        cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*"MJPG"),
        cv2.CAP_PROP_FRAME_WIDTH: 1920,
        cv2.CAP_PROP_FRAME_HEIGHT: 1080,
        cv2.CAP_PROP_BUFFERSIZE: 2,
    }


def test_one_that_is_unplugged_and_comes_back_with_another_size_is_followed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    # More pictures than are needed: two that come at once on a busy machine count as one.
    first = FakeCapture([picture(640, 480), None] * 10)
    second = FakeCapture([picture(1280, 720)] * 50)
    captures = iter([first, None, second])
    catcher = Catcher()

    def open_reader(source: Source) -> Reader:
        capture = next(captures, None)
        if capture is None:
            raise SourceUnavailable(f"{source.name} cannot be opened")
        return VideoReader(capture)

    grabber = Grabber(
        WEBCAM,
        fps=200.0,
        speed=1.0,
        loop=False,
        open_reader=open_reader,
        deliver=catcher.deliver,
        ended=catcher.ended,
        backoff=Backoff(first=0.001, limit=0.002, floor=0.001, rng=random.Random(1)),
    )
    grabber.start()
    catcher.until(lambda: bool(catcher.frames) and sizes(catcher.frames[-1]) == (1280, 720))
    grabber.stop()
    assert grabber.join(DEADLINE_S)
    assert [size for size, _ in groupby(catcher.frames, sizes)] == [(640, 480), (1280, 720)]
    assert (first.released, second.released) == (True, True)
    said = [r.getMessage() for r in caplog.records if "--fps" not in r.getMessage()]
    assert said[:3] == [
        "capturing source=webcam 0",
        "webcam 0 gives no frames; opening it again",
        "webcam 0 cannot be opened; trying again until it can",
    ]


def sizes(frame: CapturedFrame) -> tuple[int, int]:
    return frame.image.shape[1], frame.image.shape[0]
