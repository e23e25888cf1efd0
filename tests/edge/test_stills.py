"""A folder into which a camera writes pictures."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.reader import SourceUnavailable
from edge.snapshot import take_snapshot
from edge.source import SourceKind, parse_source
from edge.stills import StillsReader
from node.errors import OperationError
from tests.edge.fake_processor import DEADLINE_S
from tests.edge.pictures import jpeg
from tests.edge.videos import number_of, numbered_image


def write(folder: Path, name: str, number: int, *, at: float) -> Path:
    """Write picture `number`, last modified at that time."""
    path = folder / name
    path.write_bytes(jpeg(numbered_image(number)))
    os.utime(path, (at, at))
    return path


def opened(location: Path | str) -> StillsReader:
    source = parse_source(str(location))
    assert source.kind is SourceKind.STILLS
    return StillsReader.open(source)


def interrupt_once(reader: StillsReader, reached: Callable[[], bool]) -> threading.Thread:
    """Interrupt the reader once that is reached, or after a minute: then the test has failed."""

    def wait() -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not reached() and time.monotonic() < deadline:
            threading.Event().wait(0.01)
        reader.interrupt()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def number_in(reader: StillsReader) -> int:
    image = reader.retrieve()
    assert image is not None
    return number_of(image)


def test_the_newest_counts_and_its_time_is_when_it_was_captured(tmp_path: Path) -> None:
    now = round(time.time())
    write(tmp_path, "b.jpg", 1, at=now - 120)
    write(tmp_path, "a.JPG", 2, at=now - 60)
    write(tmp_path, "notes.txt", 3, at=now)
    reader = opened(tmp_path)
    assert reader.grab()
    assert (number_in(reader), reader.captured_at_us()) == (2, (now - 60) * 1_000_000)
    write(tmp_path, "c.png", 4, at=now - 1)  # a JPEG, whatever it is called
    assert reader.grab()
    assert number_in(reader) == 4


def test_a_file_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    whole = jpeg(numbered_image(5))
    path = tmp_path / "a.jpg"
    path.write_bytes(whole[:-20])
    reader = opened(tmp_path)
    grabbed: list[bool] = []
    grabbing = threading.Thread(target=lambda: grabbed.append(reader.grab()))
    grabbing.start()
    path.write_bytes(whole)
    grabbing.join(DEADLINE_S)
    assert grabbed == [True]
    assert number_in(reader) == 5


def test_a_file_that_stays_in_pieces_is_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, "good.jpg", 6, at=time.time() - 300)
    broken = write(tmp_path, "broken.jpg", 7, at=time.time())
    broken.write_bytes(broken.read_bytes()[:-20])
    os.utime(broken, (time.time() - 100, time.time() - 100))
    reader = opened(tmp_path)
    interrupting = interrupt_once(reader, lambda: "is no whole JPEG or PNG" in caplog.text)
    assert not reader.grab()
    interrupting.join()
    assert "broken.jpg is no whole JPEG or PNG" in caplog.text
    reader = opened(tmp_path)
    write(tmp_path, "next.jpg", 8, at=time.time())
    assert reader.grab()
    assert number_in(reader) == 8


def test_a_pattern_reaches_into_folders(tmp_path: Path) -> None:
    day = tmp_path / "2026" / "11" / "22"
    day.mkdir(parents=True)
    write(day, "cam1_0900.jpg", 1, at=time.time() - 9)
    write(day, "cam2_0901.jpg", 2, at=time.time() - 5)
    reader = opened(f"{tmp_path}/**/cam1_*.jpg")
    assert reader.grab()
    assert number_in(reader) == 1


def test_a_folder_that_vanishes_ends_and_can_come_back(tmp_path: Path) -> None:
    folder = tmp_path / "stills"
    folder.mkdir()
    source = parse_source(str(folder))
    reader = StillsReader.open(source)
    folder.rmdir()
    assert not reader.grab()
    with pytest.raises(SourceUnavailable, match="stills is not there"):
        StillsReader.open(source)
    folder.mkdir()
    write(folder, "a.jpg", 3, at=time.time())
    assert StillsReader.open(source).grab()


def test_a_folder_without_pictures_says_so_once_and_gives_no_snapshot(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reader = opened(tmp_path)
    threading.Timer(1.2, reader.interrupt).start()  # two looks
    assert not reader.grab()
    assert caplog.text.count("holds no picture yet (.jpg, .jpeg, .png)") == 1
    for empty in (tmp_path, tmp_path / "*.jpg"):
        with pytest.raises(OperationError, match="holds no picture: name a folder or pattern"):
            take_snapshot(parse_source(str(empty)), tmp_path / "shot.jpg")


def test_interrupting_ends_the_wait_for_a_picture(tmp_path: Path) -> None:
    reader = opened(tmp_path)
    threading.Timer(0.05, reader.interrupt).start()
    began = time.monotonic()
    assert not reader.grab()
    assert time.monotonic() - began < DEADLINE_S
