"""A disk that hangs: it fails nothing and finishes nothing. A real file system, frozen."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.central.ledger.log.test_storage_full_disk import mounted
from tests.e2e.replicas import START_S, Writer, check_nothing_lost, three_replicas

pytestmark = [
    pytest.mark.long,  # it freezes a file system of this machine, if only its own
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount and freeze"),
    pytest.mark.skipif(
        not (shutil.which("mkfs.ext4") and shutil.which("fsfreeze")),
        reason="needs mkfs.ext4 (e2fsprogs) and fsfreeze (util-linux)",
    ),
]

IMAGE_BYTES = 256 << 20


@contextmanager
def disk_of_its_own(image: Path, at: Path) -> Iterator[None]:
    """Mount an empty file system; skips the test where one may not."""
    with image.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    with mounted(str(image), at, "-o", "loop"):
        at.chmod(0o700)
        yield


@contextmanager
def frozen(at: Path) -> Iterator[None]:
    """Let every write there wait until the end, in the kernel, where no signal reaches it."""
    done = subprocess.run(
        ["fsfreeze", "--freeze", str(at)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"cannot freeze a file system: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["fsfreeze", "--unfreeze", str(at)], check=True)


@pytest.mark.parametrize("leads", [True, False], ids=["primary", "backup"])
async def test_the_others_go_on_and_it_follows_once_its_disk_does(
    tmp_path: Path, *, leads: bool
) -> None:
    """A primary whose disk was quick writes on its event loop: it says nothing more at all."""
    async with three_replicas(tmp_path) as group:
        writer = Writer(group.ledger)
        await writer.write()
        victim = await group.primary_id()
        data, kept = await group.set_aside(victim)
        with disk_of_its_own(tmp_path / "image", data):
            try:
                await group.start_on(data, victim, kept=kept)
                if leads:
                    await group.let_lead(victim)
                writing = asyncio.create_task(writer.run())
                await writer.wait_for(50)
                with frozen(data):
                    await writer.wait_for(20)  # one by one: what was in work is acked first
                    status = await group.status(victim)
                    assert status is None or not status.primary
                    if leads:
                        assert await group.primary_id() != victim
                await writer.wait_for(20)  # while it catches up
                writer.enough = True
                await asyncio.wait_for(writing, START_S)
                await check_nothing_lost(group, writer)  # on all three, the victim too
            finally:  # or its disk could not be taken away
                await group.supervisor.stop([victim], grace=START_S)
