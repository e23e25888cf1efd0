"""Boards and layouts for tests of what shows them."""

from central.demo.board import Board
from central.layout.document import Camera, Layout, Region, Spot, Zone
from central.ledger.records import LedgerState
from tests.central.operator.scripted_ledger import camera_status, lot, replica

SQUARE = ((0, 0), (100_000, 0), (100_000, 100_000), (0, 100_000))
SECOND_US = 1_000_000


def layout(*, rows: int = 2, columns: int = 3, zones: bool = True, prefix: str = "") -> Layout:
    """Return lot `north`: spots A01, A02, … in zones row-a, row-b, …, all seen by both cameras."""
    letters = "ABCDEFGHIJ"[:rows]
    spots = tuple(
        Spot(f"{prefix}{letter}{number:02}", zone_id=f"row-{letter.lower()}" if zones else "")
        for letter in letters
        for number in range(1, columns + 1)
    )
    regions = tuple(Region(spot.spot_id, SQUARE) for spot in spots)
    return Layout(
        lot_id="north",
        name="North campus lot",
        zones=tuple(Zone(f"row-{x.lower()}", f"Row {x}") for x in letters) if zones else (),
        spots=spots,
        cameras=(
            Camera("north-east", regions=regions),
            Camera("north-west", regions=regions),
        ),
    )


def board(of: Layout | None = None, *, seconds: float = 45.0) -> Board:
    """Return the board of a demo in which nothing has happened yet."""
    shown = of or layout()
    return Board(
        layout=shown,
        replica_ids=("r1", "r2", "r3"),
        camera_ids=tuple(camera.camera_id for camera in shown.cameras),
        seconds=seconds,
    )


def running_board() -> Board:
    """Return a board with three replicas, of which r1 is primary, and two cameras that stream."""
    found = board()
    found.stage = "running"
    found.begin(LedgerState(index=2, age_us=0, lots=(lot(),)))
    found.hear_replicas({f"r{n}": replica(n, primary=n == 1) for n in (1, 2, 3)})
    found.hear_nodes(
        (
            camera_status("north-east", frames=20, position_us=10 * SECOND_US),
            camera_status("north-west", frames=22, position_us=11 * SECOND_US),
        )
    )
    return found
