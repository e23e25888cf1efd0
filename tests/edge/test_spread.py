"""Cameras choose among processors: all alike, evenly, and without moving when they need not."""

from collections import Counter

from edge.spread import ranked
from node.address import Address

FOUR = tuple(Address("10.0.0.1", 7100 + number) for number in range(4))
CAMERAS = tuple(f"cam{number}" for number in range(400))


def test_the_order_of_the_list_does_not_matter() -> None:
    assert ranked("mast", FOUR) == ranked("mast", FOUR[::-1])
    assert set(ranked("mast", FOUR)) == set(FOUR)


def test_it_is_the_same_on_every_machine() -> None:
    assert [address.port for address in ranked("mast", FOUR)] == [7102, 7100, 7101, 7103]


def test_cameras_are_spread_evenly_also_those_of_one_that_died() -> None:
    first = Counter(ranked(camera, FOUR)[0] for camera in CAMERAS)
    assert all(70 <= count <= 130 for count in first.values())
    orphans = [camera for camera in CAMERAS if ranked(camera, FOUR)[0] == FOUR[0]]
    second = Counter(ranked(camera, FOUR)[1] for camera in orphans)
    assert all(count >= len(orphans) / 5 for count in second.values())


def test_one_more_processor_takes_its_share_and_moves_no_other_camera() -> None:
    three = FOUR[:3]
    moved = [camera for camera in CAMERAS if ranked(camera, three)[0] != ranked(camera, FOUR)[0]]
    assert all(ranked(camera, FOUR)[0] == FOUR[3] for camera in moved)
    assert 70 <= len(moved) <= 130
