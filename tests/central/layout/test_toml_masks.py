"""What a layout file may say beside spots and regions: masks, references, places and stays."""

import base64
from pathlib import Path

import pytest

from central.layout.document import Mask, Spot
from central.layout.stays import format_stay, parse_stay
from central.layout.toml import format_layout, parse_layout, read_layout
from central.layout.validate import MAX_REFERENCE_BYTES
from node.errors import UsageError

FULL = """
lot.id = "north"
zones = [{ id = "short", max_stay = "90m" }, { id = "long" }]
spots = [{ id = "A01", zone = "short", latitude = 48.15, longitude = 11.5 }, { id = "A02" }]
[[cameras]]
id = "mast"
reference = "mast.view"
[[cameras.masks]]
polygon = [[0, 0], [1, 0], [0.5, 0.2]]
[[cameras.masks]]
polygon = [[0.1, 0.8], [0.2, 0.8], [0.25, 0.9], [0.2, 1], [0.1, 1]]
"""


def refusal(text: str, folder: Path | None = None) -> str:
    """Return the message with which a layout is refused."""
    with pytest.raises(UsageError) as caught:
        parse_layout(text, file="north.toml", folder=folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


def full(folder: Path, reference: bytes = b"what it saw") -> Path:
    """Write the file and its sidecar; return its path."""
    (folder / "mast.view").write_bytes(reference)
    path = folder / "north.toml"
    path.write_text(FULL)
    return path


def test_all_of_it_is_read_and_written_back(tmp_path: Path) -> None:
    layout = read_layout(full(tmp_path))
    assert [zone.max_stay_s for zone in layout.zones] == [5400, 0]
    assert layout.spots == (Spot("A01", "short", 48.15, 11.5), Spot("A02"))
    camera = layout.cameras[0]
    assert camera.reference == b"what it saw"
    assert camera.masks[0] == Mask(((0, 0), (1_000_000, 0), (500_000, 200_000)))
    assert camera.masks[0].polygon == ((0.0, 0.0), (1.0, 0.0), (0.5, 0.2))
    assert len(camera.masks[1].corners) == 5
    text = format_layout(layout)
    assert '{ id = "short", max_stay = "90m" },' in text
    assert parse_layout(text, file="x.toml") == layout  # the reference now stands in the text


@pytest.mark.parametrize(
    ("text", "seconds", "written"),
    [("45s", 45, "45s"), ("90 m", 5400, "90m"), ("24h", 86_400, "1d"), ("2d", 172_800, "2d")],
)
def test_stays_have_units(text: str, seconds: int, written: str) -> None:
    assert parse_stay(text) == seconds
    assert format_stay(seconds) == written


@pytest.mark.parametrize("text", ["", "90", "0m", "1.5h", "-2h", "2w", "1h30m"])
def test_a_stay_in_no_known_form_is_refused(text: str) -> None:
    refused = refusal(FULL.replace("90m", text).replace('reference = "mast.view"', ""))
    assert refused == (
        f"north.toml: zones[0].max_stay: is '{text}'; write a number and a unit: 45s, 90m, 2h or 1d"
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("90m", "400d", "zones[0].max_stay: is 34560000 s; give up to 366 days"),
        (", longitude = 11.5", "", "spots[0].longitude: is missing; give both or neither"),
        ("latitude = 48.15, ", "", "spots[0].latitude: is missing; give both or neither"),
        ("48.15", "98.15", "spots[0].latitude: is 98.15; give degrees, -90 to 90"),
        (", [0.5, 0.2]]", "]", "masks[0].polygon: is [[0, 0], [1, 0]]: has 2 corners; give at"),
        ("[0.5, 0.2]", "[0.5, 0]", "masks[0].polygon: is [[0, 0], [1, 0], [0.5, 0]]: its area is"),
        ("[0.5, 0.2]", "[0.5, -0.2]", "masks[0].polygon[2]: y is -0.2; coordinates are fractions"),
        ("polygon = [[0,", "polygn = [[0,", "masks[0].polygn: unknown key; did you mean 'polygon'"),
        (
            "[0.25, 0.9], [0.2, 1]",
            "[0.2, 1], [0.25, 0.9]",
            "masks[1].polygon: is [[0.1, 0.8], [0.2, 0.8], [0.2, 1], [0.25, 0.9], [0.1, 1]]: "
            "two sides cross; give the corners in order round it",
        ),
        ('"mast.view"', '""', "cameras[0].reference: is empty; name a file or remove the key"),
        ('"mast.view"', '"base64:"', "cameras[0].reference: is empty; make it anew or remove"),
        ('"mast.view"', '"base64:?"', "cameras[0].reference: is not valid base64; name the file"),
        ('"mast.view"', '"absent"', "absent' cannot be read (No such file or directory); correct"),
        ('"mast.view"', '"a\\u0000b"', "cannot be read (embedded null byte); correct the name"),
        ('"mast.view"', '"."', "' cannot be read (Is a directory); correct the name"),
        ('"mast.view"', "7", "cameras[0].reference: is '7' (a whole number); write a text"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    full(tmp_path)
    assert old in FULL
    refused = refusal(FULL.replace(old, new, 1), tmp_path)
    assert refused.startswith("north.toml: ")
    assert message in refused


def test_a_sidecar_is_found_beside_the_layout_and_refused_if_large(tmp_path: Path) -> None:
    full(tmp_path, b"x" * MAX_REFERENCE_BYTES)
    assert len(read_layout(tmp_path / "north.toml").cameras[0].reference) == MAX_REFERENCE_BYTES
    full(tmp_path, b"x" * (MAX_REFERENCE_BYTES + 1))
    with pytest.raises(UsageError, match=r"cameras\[0\]\.reference: holds 65537 bytes, a refer"):
        read_layout(tmp_path / "north.toml")
    full(tmp_path, b"")
    with pytest.raises(UsageError, match=r"cameras\[0\]\.reference: is empty"):
        read_layout(tmp_path / "north.toml")


def test_a_text_without_a_folder_names_no_file() -> None:
    assert "'mast.view' is a file; here write 'base64:'" in refusal(FULL)
    inline = "base64:" + base64.b64encode(b"view").decode()
    layout = parse_layout(FULL.replace("mast.view", inline), file="n.toml")
    assert layout.cameras[0].reference == b"view"
