"""The command as a user meets it: processes of their own, and what they print."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.cli import camera
from tests.edge.fake_processor import DEADLINE_S, FakeProcessor
from tests.edge.videos import make_video

COMMAND = [sys.executable, "-m", "node", "camera"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing option '--source'"),
        (["--source", "0"], "Missing option '--camera-id'"),
        (["--source", "0", "--camera-id", "a"], "Missing option '--processor'"),
        (["--source", "0", "--camera-id", "a/b"], "camera id 'a/b'"),
        (["--source", "0", "--camera-id", "a", "--processor", "x"], "address 'x'"),
        (["--source", "none.mp4"], "source 'none.mp4': no such file"),
        (["--source", "0", "--fps", "0"], "not in the range 0<x<=60"),
        (["--source", "0", "--fps", "61"], "not in the range 0<x<=60"),
        (["--source", "0", "--fps", "nan"], "nan is not a number"),
        (["--source", "0", "--speed", "inf"], "inf is not a number"),
        (["--source", "0", "--quality", "0"], "not in the range 1<=x<=100"),
        (
            ["--source", "0", "--camera-id", "a", "--processor", "h:1", "--loop"],
            "--loop and --speed are for files; webcam 0 plays at its own pace",
        ),
    ],
)
def test_a_wrong_option_is_a_usage_error(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(camera, arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_the_process_is_small() -> None:
    script = (
        "import sys\n"
        "from node.cli import main\n"
        "try:\n    main(['camera', '--help'])\nexcept SystemExit:\n    pass\n"
        "roots = {name.partition('.')[0] for name in sys.modules}\n"
        "assert 'edge' in roots\n"
        "ours = {name for name in sys.modules if name.startswith('models.')}\n"
        "heavy = roots & {'central', 'onnx', 'onnxruntime', 'torch'}\n"
        "light = {'models.corners', 'models.patches', 'models.signatures', 'models.strips'}\n"
        "print('loaded:', sorted(heavy | ours - light))\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.stdout.splitlines()[-1] == "loaded: []", result.stderr


def test_a_file_that_is_no_video_gives_one_line_and_nothing_from_opencv(tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    source = make_video(path, frames=5, fps=5, codec="mp4v")
    path.write_bytes(path.read_bytes()[:-200])
    result = subprocess.run(
        [*COMMAND, "--source", source.location, "--camera-id", "a", "--processor", "127.0.0.1:9"],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"parkledger: source '{path}' is not a video that OpenCV can read: ")


def test_a_snapshot_needs_neither_camera_nor_processor(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.avi", frames=1, fps=5)
    picture = tmp_path / "shot.jpg"
    result = CliRunner().invoke(camera, ["--source", source.location, "--snapshot", str(picture)])
    assert result.output == f"wrote {picture}: 64x48 pixels of {source.name}\n"
    assert picture.read_bytes()[:2] == b"\xff\xd8"


async def start(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | environment,
    )


async def end(process: asyncio.subprocess.Process, number: signal.Signals) -> tuple[float, str]:
    """Signal the process; returns the seconds it took to end, and its standard error."""
    asked_at = time.monotonic()
    process.send_signal(number)
    async with asyncio.timeout(DEADLINE_S):
        _, errors = await process.communicate()
    return time.monotonic() - asked_at, errors.decode()


async def stream_and_end(video: str, number: signal.Signals) -> tuple[float, float]:
    """Signal a camera that streams; returns the seconds it took to end, and to begin before."""
    async with FakeProcessor() as processor:
        began = time.monotonic()
        process = await start(
            *("--source", video, "--camera-id", "north", "--loop"),
            *("--processor", str(processor.address), "--fps", "20"),
        )
        await processor.until(lambda: len(processor.frames) >= 2)
        started = time.monotonic() - began
        took, errors = await end(process, number)
        await processor.until(lambda: bool(processor.ends))
    assert process.returncode == 0, errors
    assert processor.ends == ["clean"]
    assert "stopped captured=" in errors.splitlines()[-1]
    return took, started


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_a_streaming_camera_within_a_second(
    tmp_path: Path, number: signal.Signals
) -> None:
    source = make_video(tmp_path / "a.avi", frames=5, fps=5.0)
    # It takes 0.2 s, and a start takes 1 s. A machine that is busy gets more chances, and one that
    # needs long to start the camera may need half as long to end it.
    late: list[float] = []
    while len(late) < 6 and min(late, default=9.9) >= 0.0:
        took, started = await stream_and_end(source.location, number)
        late.append(took - max(1.0, started / 2))
    assert min(late) < 0.0, late


async def signalled_while_opening() -> float:
    """Signal a camera whose source hangs; returns the seconds it took to end."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(DEADLINE_S)
        port = silent.getsockname()[1]
        # From the environment, as a password should be.
        process = await start(
            *("--camera-id", "north", "--processor", "127.0.0.1:9", "--log-level", "debug"),
            PARKLEDGER_CAMERA_SOURCE=f"rtsp://admin:s3cret@127.0.0.1:{port}/live?key=s3cret",
        )
        connection, _ = await asyncio.to_thread(silent.accept)
        with connection:
            took, errors = await end(process, signal.SIGTERM)
    assert process.returncode == 0, errors
    assert "s3cret" not in errors
    assert f"source=rtsp://127.0.0.1:{port}/…" in errors
    return took


async def test_a_signal_ends_a_camera_whose_source_hangs_and_no_password_is_logged() -> None:
    # Opening it blocks for 5 s. A busy machine gets more chances.
    took: list[float] = []
    while len(took) < 5 and min(took, default=9.9) >= 4.5:
        took.append(await signalled_while_opening())
    assert min(took) < 4.5
