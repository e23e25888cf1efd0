"""Layout files: both forms, rows, the round trip, and what is wrong with a file as such."""

import json
from pathlib import Path

import pytest
from hypothesis import given

from central.layout.document import Layout
from central.layout.geometry import split_row
from central.layout.toml import (
    format_layout,
    layout_of_tables,
    parse_layout,
    read_layout,
    tables_of_layout,
)
from node.errors import UsageError
from tests.central.layout.layouts import NORTH, layouts, north, quick

INLINE = """
lot = { id = "north", name = "North campus lot", time_zone = "Europe/Paris", latitude = 48.1, longitude = 11.5 }
zones = [{ id = "row-a", name = "Row A" }]
spots = [
  { id = "A01", zone = "row-a" },
  { id = "A02" },
]
[[cameras]]
id = "north-east"
name = "East mast"
regions = [
  { spot = "A01", polygon = [[0.412, 0.300], [0.447, 0.301], [0.455, 0.362], [0.417, 0.360]] },
  { spot = "A02", polygon = [[0.5, 0.3], [0.6, 0.3], [0.6, 0.4], [0.5, 0.4]] },
]
"""  # noqa: E501

ROWS = """
lot.id = "north"
spots = [{ id = "A01" }, { id = "A02" }, { id = "A03" }, { id = "B01" }]
[[cameras]]
id = "east"
[[cameras.rows]]
spots = ["A01", "A02", "A03"]
corners = [[0.1, 0.9], [0.7, 0.4], [0.75, 0.43], [0.3, 0.99]]
[[cameras.regions]]
spot = "B01"
polygon = [[0, 0], [1, 0], [1, 1], [0, 1]]
"""


def refusal(text: str) -> str:
    """Return the message with which a layout is refused."""
    with pytest.raises(UsageError) as caught:
        parse_layout(text, file="north.toml")
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_the_form_with_tables_is_read() -> None:
    assert parse_layout(NORTH, file="north.toml") == north()


def test_the_form_with_inline_tables_is_read_the_same() -> None:
    assert parse_layout(INLINE, file="north.toml") == north()


@quick
@given(layouts())
def test_what_is_written_is_read_back_the_same(layout: Layout) -> None:
    assert parse_layout(format_layout(layout), file="x.toml") == layout


@quick
@given(layouts())
def test_json_of_the_same_shape_is_read_back_the_same(layout: Layout) -> None:
    tables = json.loads(json.dumps(tables_of_layout(layout)))
    assert layout_of_tables(tables, source="body") == layout


def test_what_is_written_has_one_line_a_region_and_reads_well() -> None:
    lines = format_layout(north()).splitlines()
    assert 'lot.name = "North campus lot"' in lines
    assert '  { id = "A01", zone = "row-a" },' in lines
    assert (
        '  { spot = "A01", polygon = '
        "[[0.412, 0.3], [0.447, 0.301], [0.455, 0.362], [0.417, 0.36]] },"
    ) in lines


def test_defaults_need_not_be_written() -> None:
    layout = parse_layout('lot.id = "n"\nspots = [{ id = "A" }]', file="n.toml")
    assert (layout.name, layout.time_zone, layout.latitude, layout.cameras) == ("", "UTC", None, ())


def test_whole_numbers_are_numbers() -> None:
    layout = parse_layout(ROWS + "\n", file="n.toml")
    assert layout.cameras[0].regions[0].corners[2] == (1_000_000, 1_000_000)


def test_rows_are_split_and_follow_the_regions() -> None:
    layout = parse_layout(ROWS, file="north.toml")
    regions = layout.cameras[0].regions
    assert [region.spot_id for region in regions] == ["B01", "A01", "A02", "A03"]
    row = ((100_000, 900_000), (700_000, 400_000), (750_000, 430_000), (300_000, 990_000))
    assert tuple(region.corners for region in regions[1:]) == split_row(row, 3)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"A03"]', '"A033"]', "rows[0].spots[2]: there is no spot 'A033' (did you mean 'A03'?); "),
        (
            '"A03"]',
            '"B01"]',
            "rows[0].spots[2]: 'B01' has a region in this camera already "
            "(cameras[0].regions[0].spot); keep one of them",
        ),
        ('["A01", "A02", "A03"]', "[]", "rows[0].spots: is empty; list the row's spots in order"),
        ('spots = ["A01", "A02", "A03"]\n', "", "rows[0].spots: is missing; add it"),
        ('"A02", "A03"]', '2, "A03"]', "rows[0].spots[1]: is '2' (a whole number); write a text"),
        ("[0.75, 0.43]", "[0.1, 0.1]", "rows[0].corners: is [[0.1, 0.9], [0.7, 0.4], [0.1, 0.1]"),
        ("[0.75, 0.43]", "[0.75, 4.3]", "rows[0].corners[2]: y is 4.3; coordinates are fractions"),
        ("corners =", "corner =", "rows[0].corner: unknown key; did you mean 'corners'?"),
    ],
)
def test_errors_in_a_row_name_the_row(old: str, new: str, message: str) -> None:
    assert old in ROWS
    assert refusal(ROWS.replace(old, new, 1)).startswith(f"north.toml: cameras[0].{message}")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        # keys
        ('name = "Row A"', 'nmae = "Row A"', "zones[0].nmae: unknown key; did you mean 'name'?"),
        ("[[cameras]]", "[[camera]]", "camera: unknown key; did you mean 'cameras'?"),
        ("[[spots]]", "[[lots]]", "lots: unknown key; did you mean 'lot'?"),
        ("latitude", "qqq", "lot.qqq: unknown key; remove it (known: id, name, time_zone"),
        ('zone = "row-a"', 'zoen = "row-a"', "spots[0].zoen: unknown key; did you mean 'zone'?"),
        ("polygon = [[0.5", "polgyon = [[0.5", "cameras[0].regions[1].polgyon: unknown key"),
        ('id = "north"\n', "", "lot.id: is missing; add it"),
        ('id = "A01"', "", "spots[0].id: is missing; add it"),
        ('spot = "A02"', "", "cameras[0].regions[1].spot: is missing; add it"),
        # types
        ('id = "north"\n', "id = 7\n", "lot.id: is '7' (a whole number); write a text in quotes"),
        ("latitude = 48.1", "latitude = true", "lot.latitude: is 'true' (a boolean); write a num"),
        ("latitude = 48.1", 'latitude = "48"', "lot.latitude: is '48' (a text); write a number"),
        ("latitude = 48.1", "latitude = 1979-05-27", "lot.latitude: is '1979-05-27' (a date or"),
        ('name = "Row A"', "name = []", "zones[0].name: is an array; write a text"),
        ("[[zones]]", "[zones]", "zones: is one table; write [[zones]], in two [ ]"),
        ("[[0.5, 0.3]", "[[true, 0.3]", "polygon[0]: is 'true' (a boolean); write a number"),
        ("[[0.5, 0.3]", "[0.5", "cameras[0].regions[1].polygon[0]: is '0.5' (a number); write an"),
        ("[[0.5, 0.3]", "[[0.5]", "polygon[0]: has 1 numbers; give two: [x, y]"),
        ("[[0.5, 0.3]", f"[[1{'0' * 400}, 0]", "polygon[0]: is too large; write a smaller"),
        # polygons
        ("[0.6, 0.4], ", "", "regions[1].polygon: has 3 corners; give exactly four [x, y]"),
        ("[0.6, 0.4], ", "[0.6, 0.4], [0.55, 0.4], ", "regions[1].polygon: has 5 corners"),
        (
            "[0.6, 0.4]",
            "[1.2, 0.4]",
            "north.toml: cameras[0].regions[1].polygon[2]: x is 1.2; "
            "coordinates are fractions of the picture, 0 to 1",
        ),
        ("[0.6, 0.4]", "[0.6, -0.01]", "regions[1].polygon[2]: y is -0.01; coordinates are"),
        ("[0.6, 0.4]", "[0.6, nan]", "regions[1].polygon[2]: y is nan; coordinates are"),
        ("[0.6, 0.4]", "[-inf, 0.4]", "regions[1].polygon[2]: x is -inf; coordinates are"),
        ("[0.6, 0.4]", "[1.0000000001, 0.4]", "x is 1.0000000001; coordinates are"),
        # the file as a whole
        ("[lot]", "[lot", "is not valid TOML: Expected ']' at the end of a table declaration (at "),
        ("latitude = 48.1", f"latitude = {'9' * 5000}", "is not valid TOML: Exceeds the limit"),
        ("latitude = 48.1", "latitude = " + "[" * 9000, "is nested too deeply"),
        ('zone = "row-a"', 'zone = ""', "spots[0].zone: is empty; name a zone or remove the key"),
    ],
)
def test_a_wrong_file_is_refused_with_key_value_and_remedy(
    old: str, new: str, message: str
) -> None:
    assert old in NORTH
    refused = refusal(NORTH.replace(old, new, 1))
    assert refused.startswith("north.toml: ")
    assert message in refused


def test_a_syntax_error_names_the_line() -> None:
    assert "(at line 3, column " in refusal('[lot]\nid = "n"\nname = \n')


def test_an_empty_file_lacks_its_lot() -> None:
    assert refusal("") == "north.toml: lot: is missing; add it"


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "north.toml"
    for start in (b"", b"\xef\xbb\xbf"):
        path.write_bytes(start + NORTH.replace("\n", "\r\n").encode())
        assert read_layout(path) == north()


def test_a_file_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "north.toml"
    path.write_bytes('[lot]\nname = "Café"'.encode("latin-1"))
    with pytest.raises(UsageError) as caught:
        read_layout(path)
    assert str(caught.value) == (f"{path}: line 2: byte 0xe9 is not UTF-8; save the file as UTF-8")


@pytest.mark.parametrize("name", ["absent.toml", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"cannot be read \(.+\); check the path"):
        read_layout(tmp_path / name)
