"""A stream of JPEGs in parts, as various cameras write it, whatever pieces it arrives in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.multipart import MAX_PART_BYTES, NotMultipart, Part, PartReader, boundary_of

PICTURES = (b"\xff\xd8one\xff\xd9", b"\xff\xd8\r\n--fram\r\n\xff\xd9", b"\xff\xd8three\xff\xd9")


def with_lengths() -> bytes:
    return b"".join(
        b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(p), p)
        for p in PICTURES
    )


def without_lengths() -> bytes:
    parts = (b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + p for p in PICTURES)
    return b"".join(parts) + b"--frame\r\n"


@given(st.lists(st.integers(1, 60), min_size=1, max_size=20), st.booleans())
def test_parts_come_whole_from_any_pieces(sizes: list[int], lengths: bool) -> None:
    data = b"preamble\r\n" + (with_lengths() if lengths else without_lengths())
    reader, at = PartReader(b"--frame"), 0
    found: list[Part] = []
    while at < len(data):
        size = sizes[at % len(sizes)]
        found.extend(reader.feed(data[at : at + size]))
        at += size
    assert [part.body for part in found] == list(PICTURES)
    assert found[0].headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/x-mixed-replace; boundary=frame", b"--frame"),
        ('multipart/x-mixed-replace;boundary="a b"', b"--a b"),
        ("Multipart/X-Mixed-Replace; boundary=--frame", b"--frame"),
    ],
)
def test_the_boundary_is_found(content_type: str, boundary: bytes) -> None:
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize("content_type", ["", "text/html", "multipart/x-mixed-replace"])
def test_anything_else_is_no_stream(content_type: str) -> None:
    with pytest.raises(NotMultipart):
        boundary_of(content_type)


def test_a_part_without_end_is_bounded() -> None:
    reader = PartReader(b"--frame")
    with pytest.raises(NotMultipart, match="announced"):
        list(reader.feed(b"--frame\r\nContent-Length: 99999999999\r\n\r\n"))
    with pytest.raises(NotMultipart, match="header has no end"):
        list(PartReader(b"--frame").feed(b"--frame\r\n" + b"x" * 20_000))
    reader = PartReader(b"--frame")
    list(reader.feed(b"--frame\r\n\r\n"))
    with pytest.raises(NotMultipart, match="more than"):
        list(reader.feed(b"x" * (MAX_PART_BYTES + 1)))
