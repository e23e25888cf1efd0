"""Layout files to the ledger: all checked first, one line a lot, a failure names its file."""

from pathlib import Path

import pytest

from central.ledger.interface import LedgerUnavailable
from central.operator.applying import LayoutFile, check_expected_version, commit, read_layouts
from node.errors import OperationError, UsageError
from tests.central.layout.layouts import NORTH
from tests.central.operator.fake_ledger import FakeLedger

SOUTH = NORTH.replace("north", "south")


def write(folder: Path, **texts: str) -> list[Path]:
    """Write one layout file a keyword and return their paths."""
    paths = [folder / f"{name}.toml" for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text)
    return paths


async def lines(
    ledger: FakeLedger, files: tuple[LayoutFile, ...], *, expected_version: int | None = None
) -> list[str]:
    """Commit and return what is printed."""
    printed = commit(ledger, files, expected_version=expected_version, timeout=3.0)
    return [line async for line in printed]


async def test_each_lot_gets_a_line(tmp_path: Path) -> None:
    ledger = FakeLedger()
    files = read_layouts(write(tmp_path, north=NORTH, south=SOUTH))
    assert await lines(ledger, files) == [
        "north: version 1, 2 spots, 1 camera (index 17)",
        "south: version 1, 2 spots, 1 camera (index 18)",
    ]
    assert list(ledger.layouts.values()) == [file.layout for file in files]
    assert ledger.timeouts == [3.0, 3.0]


async def test_the_same_layout_again_changes_nothing(tmp_path: Path) -> None:
    ledger = FakeLedger()
    files = read_layouts(write(tmp_path, north=NORTH))
    await lines(ledger, files)
    assert await lines(ledger, files) == ["north: unchanged (version 1)"]


async def test_the_expected_version_reaches_the_ledger(tmp_path: Path) -> None:
    ledger = FakeLedger()
    files = read_layouts(write(tmp_path, north=NORTH))
    await lines(ledger, files, expected_version=0)
    await lines(ledger, files)
    assert ledger.expected == [0, None]


async def test_what_the_ledger_refuses_is_named_and_stops_the_rest(tmp_path: Path) -> None:
    ledger = FakeLedger(refusals={"north": LedgerUnavailable("no quorum within 3 s")})
    files = read_layouts(write(tmp_path, north=NORTH, south=SOUTH))
    with pytest.raises(OperationError, match=r"north\.toml: lot 'north': no quorum within 3 s"):
        await lines(ledger, files)
    assert not ledger.layouts


def test_a_lot_in_two_files_is_refused(tmp_path: Path) -> None:
    first, second = write(tmp_path, a=NORTH, b=NORTH)
    with pytest.raises(UsageError) as caught:
        read_layouts([first, second])
    assert str(caught.value) == (
        f"{second}: lot.id: lot 'north' is claimed by {first} too; keep it in one of the files"
    )


def test_a_camera_in_two_files_is_refused(tmp_path: Path) -> None:
    other = SOUTH.replace("south-east", "north-east")
    first, second = write(tmp_path, a=NORTH, b=other)
    with pytest.raises(UsageError) as caught:
        read_layouts([first, second])
    assert str(caught.value) == (
        f"{second}: cameras[0].id: camera 'north-east' is claimed by {first} too; "
        "keep it in one of the files"
    )


def test_an_expected_version_is_of_one_lot(tmp_path: Path) -> None:
    files = read_layouts(write(tmp_path, north=NORTH, south=SOUTH))
    check_expected_version(files, None)
    check_expected_version(files[:1], 3)
    with pytest.raises(UsageError, match=r"--expect-version 3 with 2 files: .* give one file"):
        check_expected_version(files, 3)
