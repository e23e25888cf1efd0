"""A network camera that asks for a login by Digest, and what is said of one that is wrong."""

import asyncio
from pathlib import Path
from urllib.parse import quote

import pytest

from central.demo.processes import Supervisor
from tests.e2e.faulty import START_S, RtspServer, View, logged, skip_without_gstreamer
from tests.edge.fake_processor import FakeProcessor

USER, PASSWORD = "admin", "s3cret@/:?#%&+ü "
WRONG = "s3cret@/:?#%&+ü"


def url_of(server: RtspServer, password: str) -> str:
    return server.url.replace("//", f"//{USER}:{quote(password, safe='')}@", 1)


@pytest.mark.parametrize("options", [(), ("--key-frames",)], ids=["opencv", "key_frames"])
async def test_the_right_password_opens_it_and_none_is_ever_shown(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    skip_without_gstreamer()
    if options:
        pytest.importorskip("av")
    server = RtspServer(View(), login=(USER, PASSWORD))
    supervisor = Supervisor(tmp_path)
    try:
        async with FakeProcessor() as processor:
            for name, password in (("right", PASSWORD), ("wrong", WRONG)):
                await supervisor.start(
                    name,
                    [
                        *("camera", "--camera-id", name, "--processor", str(processor.address)),
                        *("--fps", "5", "--log-level", "debug", *options),
                    ],
                    environment={"PARKLEDGER_CAMERA_SOURCE": url_of(server, password)},
                )
            await logged(tmp_path / "wrong.log", "it refuses this login; check user and password")
            async with asyncio.timeout(START_S):
                await processor.until(lambda: len(processor.frames) >= 3)
            await supervisor.stop(["right", "wrong"], grace=START_S)
        assert {hello.camera_id for hello in processor.hellos} == {"right", "wrong"}
    finally:
        server.kill()
        await supervisor.stop(list(supervisor.children), grace=START_S)
    for name in ("right", "wrong"):
        log = (tmp_path / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        for secret in ("s3cret", quote(PASSWORD, safe=""), USER):
            assert secret not in log
