"""A camera's pictures that a test can spoil, real servers that show them, and a ledger's word."""

import asyncio
import contextlib
import itertools
import os
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from central.demo.cluster import wait_listening
from central.demo.ports import free_addresses
from central.demo.processes import Supervisor, log_tail
from central.layout.document import Layout
from central.layout.toml import read_layout
from central.ledger.client import LedgerClient
from central.ledger.records import CameraCondition, Occupancy
from edge.frames import Image
from tests.edge.pictures import blurred, jpeg, noisy
from tests.edge.views import nudged

SAMPLES = Path(__file__).resolve().parents[2] / "sample_videos"
KNOCK_PX = 8.0  # of a picture 1920 wide
START_S = 120.0
"""A cold start, or a change, on a loaded machine."""
LOOKED = "moved="
"""What a camera logs that has compared a picture with its first one."""


def sample_picture() -> Image:
    """The first frame of a sample clip: its spots can be told."""
    capture = cv2.VideoCapture(str(SAMPLES / "north_east.mp4"))
    done, image = capture.read()
    capture.release()
    assert done
    return np.asarray(cv2.resize(image, (640, 360), interpolation=cv2.INTER_AREA), np.uint8)


class View:
    """What a camera sees; `show` spoils it. `jpeg()` is its picture now, from any thread."""

    def __init__(self) -> None:
        fine = sample_picture()
        knocked, _ = nudged(fine, right=KNOCK_PX)
        # A lens out of focus blurs the scene and not the sensor's noise.
        self._variants = {
            "live": [jpeg(noisy(fine, seed=seed)) for seed in range(16)],
            "still": [jpeg(fine)],
            "black": [jpeg(np.full_like(fine, 8))],
            "white": [jpeg(np.full_like(fine, 255))],
            "soft": [jpeg(noisy(blurred(fine), seed=n, sigma=0.5)) for n in range(16)],
            "square": [jpeg(noisy(fine[:, :480], seed=seed)) for seed in range(16)],
            "knocked": [jpeg(noisy(knocked, seed=seed)) for seed in range(16)],
        }
        self._pictures: Iterator[bytes] = iter(())
        self.show("live")

    def show(self, what: str) -> None:
        """Show this from now on."""
        self._pictures = itertools.cycle(self._variants[what])

    def jpeg(self) -> bytes:
        return next(self._pictures)


def skip_without_gstreamer() -> None:
    """Skip the test, and say what to install."""
    needed = "import gi; gi.require_version('GstRtspServer', '1.0')"
    try:
        found = subprocess.run(["/usr/bin/python3", "-c", needed], capture_output=True, check=False)
    except OSError:
        pytest.skip("there is no system Python to run an RTSP server with")
    if found.returncode:
        pytest.skip("no RTSP server: apt-get install gir1.2-gst-rtsp-server-1.0 (see .ci/run)")


class RtspServer:
    """The server of rtsp_server.py in a process of its own; raises OSError if it cannot run."""

    SCRIPT = Path(__file__).with_name("rtsp_server.py")

    def __init__(self, view: View, *, port: int = 0, login: tuple[str, str] | None = None) -> None:
        """login: user and password that it asks for, by Digest."""
        environment = dict(os.environ)
        if login is not None:
            environment |= {"RTSP_USER": login[0], "RTSP_PASSWORD": login[1]}
        self._process = subprocess.Popen(
            ["/usr/bin/python3", str(self.SCRIPT), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise OSError("no RTSP server")
        self.port = int(line)
        self.url = f"rtsp://127.0.0.1:{self.port}/live"
        self._stop = threading.Event()
        threading.Thread(target=self._feed, args=(view,), daemon=True).start()

    def _feed(self, view: View) -> None:
        feed = self._process.stdin
        assert feed is not None
        with contextlib.suppress(OSError):  # it was killed
            while not self._stop.wait(0.1):
                feed.write(view.jpeg())
                feed.flush()

    def kill(self) -> None:
        """Die as a camera does whose power is cut."""
        self._stop.set()
        self._process.kill()
        self._process.wait()


class Folder:
    """A camera that writes its picture into a folder, `age_s` old, a few times a second."""

    def __init__(self, path: Path, view: View) -> None:
        path.mkdir()
        self.path = path
        self.age_s = 0.0
        self.silent = threading.Event()
        self._view = view
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def _write(self) -> None:
        # The newest counts: what is late must not be older than what was there before.
        newest = 0.0
        for number in itertools.count():
            if self._stop.wait(0.2):
                return
            if self.silent.is_set():
                continue
            newest = max(newest + 0.001, time.time() - self.age_s)
            part = self.path / "new.part"
            part.write_bytes(self._view.jpeg())
            os.utime(part, (newest, newest))
            part.rename(self.path / f"{number % 4}.jpg")

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


async def logged(log: Path, text: str) -> None:
    """Return once that stands in a child's log."""
    async with asyncio.timeout(START_S):
        while True:
            if text in await asyncio.to_thread(log.read_text, "utf-8", "replace"):
                return
            await asyncio.sleep(0.05)


@dataclass
class Site:
    """One replica, one processor, and cameras; all processes of their own."""

    supervisor: Supervisor
    ledger: LedgerClient
    processor: str

    async def camera(self, camera_id: str, source: str, *options: str) -> None:
        """Start a camera node with short limits."""
        await self.supervisor.start(
            camera_id,
            [
                *("camera", "--camera-id", camera_id, "--processor", self.processor, "--fps", "5"),
                *("--exposed-after", "1", "--blurred-after", "1", "--frozen-after", "4"),
                *("--late-after", "2", "--lost-after", "2", *options),
            ],
            environment={"PARKLEDGER_CAMERA_SOURCE": source},
        )

    async def until(self, camera_id: str, condition: CameraCondition) -> float:
        """Wait until the ledger has it, and its spots with it; return the seconds that took.

        All spots are unknown under any condition but OK, and some are told again under that.
        """
        began = time.monotonic()
        async with asyncio.timeout(START_S):
            while True:
                held, told = await self._look(camera_id)
                if held is condition and (told > 0) is (condition is CameraCondition.OK):
                    return time.monotonic() - began
                await asyncio.sleep(0.05)

    async def looked(self, camera_id: str) -> None:
        """Wait until a camera that logs all has compared a picture with its first one."""
        await logged(self.supervisor.children[camera_id].log, LOOKED)

    async def _look(self, camera_id: str) -> tuple[CameraCondition | None, int]:
        """Return the camera's condition, and how many spots it does not call unknown."""
        (lot,) = (await self.ledger.get(timeout=START_S)).lots
        held = next(one.condition for one in lot.cameras if one.camera_id == camera_id)
        views = [view for spot in lot.spots for view in spot.views if view.camera_id == camera_id]
        return held, sum(view.occupancy is not Occupancy.UNKNOWN for view in views)


def layout_of(*camera_ids: str) -> Layout:
    """The sample lot, with one of its cameras under these names."""
    sample = read_layout(SAMPLES / "north.toml")
    east = sample.camera("north-east")
    assert east is not None
    return replace(sample, cameras=tuple(replace(east, camera_id=name) for name in camera_ids))


@asynccontextmanager
async def site(directory: Path, *camera_ids: str) -> AsyncIterator[Site]:
    """Give a running site that waits for these cameras."""
    replica, processor = free_addresses(2)
    supervisor = Supervisor(directory)
    ledger = LedgerClient((replica,))
    try:
        await supervisor.start(
            "ledger",
            [
                *("ledger", "--replica-id", "a", "--listen", str(replica)),
                *("--data", str(directory / "a")),
            ],
        )
        await ledger.apply(layout_of(*camera_ids), timeout=START_S)
        await supervisor.start(
            "processor",
            ["processor", "--listen", str(processor), "--ledger", str(replica)],
        )
        await wait_listening("processor", processor, timeout=START_S)
        yield Site(supervisor, ledger, str(processor))
    finally:
        await ledger.close()
        await supervisor.stop(list(supervisor.children), grace=START_S)
        for child in supervisor.children.values():  # pytest shows it where the test failed
            print(f"--- {child.name}", *log_tail(child.log), sep="\n")
