from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from central.ledger.records import LedgerState, Occupancy, ServiceStatus, ViewState
from central.operator.lateness import late_us_by_camera
from central.operator.overview import Overview
from central.operator.overview_json import overview_object
from central.operator.overview_tables import overview_tables
from tests.central.operator.scripted_ledger import camera_status, lot, spot


def state(*late_us: int | None) -> LedgerState:
    """A camera `east` that sees one spot a number."""
    spots = tuple(
        replace(
            spot(f"A{number}", Occupancy.VACANT),
            views=(ViewState("east", Occupancy.VACANT, 9000, 1, late),),
        )
        for number, late in enumerate(late_us)
    )
    return LedgerState(1, 0, (replace(lot(), spots=spots),))


def overview(known: LedgerState) -> Overview:
    service = ServiceStatus((camera_status("east"),), "r1", ())
    return Overview(known, "", (), service, "")


def test_it_is_the_median_over_what_was_told() -> None:
    assert late_us_by_camera(None) == {}
    assert late_us_by_camera(state()) == {}
    assert late_us_by_camera(state(None)) == {}
    assert late_us_by_camera(state(5, None, 1, 900)) == {"east": 5}


@pytest.mark.parametrize(
    ("late_us", "shown"),
    [(1_500_000, " 1.5 s "), (-3_000_000, " -3.0 s "), (7_200_000_000, " 2.0 h ")],
)
def test_it_is_shown(late_us: int, shown: str) -> None:
    console = Console(width=200, file=StringIO(), record=True)
    console.print(overview_tables(overview(state(late_us)), now_us=2))
    assert shown in console.export_text()
    nodes = overview_object(overview(state(late_us)))["nodes"]
    assert isinstance(nodes, list)
    assert nodes[0]["late_us"] == late_us
