"""Counts per hour, against a count by hand and a naive twin."""

import random

from central.ledger.records import Occupancy, OccupancyChange, RecordedChange, SpotState
from central.stays.hours import Edges, counts_by_hour

OCCUPIED, VACANT, UNKNOWN = Occupancy.OCCUPIED, Occupancy.VACANT, Occupancy.UNKNOWN


def spot(spot_id: str, state: Occupancy) -> SpotState:
    return SpotState(spot_id, state, 0, "", 0)


def change(at: int, spot_id: str, state: Occupancy) -> RecordedChange:
    return RecordedChange(at, at, OccupancyChange("n", spot_id, UNKNOWN, state, 0, "", 0))


def test_an_hour_by_hand() -> None:
    opening = [spot("A", VACANT), spot("B", UNKNOWN)]
    changes = [change(125, "A", OCCUPIED), change(150, "B", VACANT), change(200, "A", VACANT)]
    first, second = counts_by_hour(opening, changes, Edges((100, 200, 300)))
    assert (first.occupied, first.vacant, first.unknown) == (0.75, 0.75, 0.5)
    assert (first.least_vacant, first.most_vacant) == (0, 1)
    assert (second.occupied, second.vacant, second.unknown) == (0, 2, 0)
    assert (second.least_vacant, second.most_vacant) == (1, 2)


def test_against_a_count_of_every_instant() -> None:
    rng = random.Random(5)
    for _ in range(50):
        opening = [spot(name, rng.choice(list(Occupancy))) for name in "ABC"]
        times = sorted(rng.randrange(10, 60) for _ in range(rng.randrange(12)))
        changes = [change(at, rng.choice("ABCD"), rng.choice(list(Occupancy))) for at in times]
        edges = Edges((10, 17, 40, 60))
        states = {one.spot_id: one.occupancy for one in opening}
        seen: list[dict[str, Occupancy]] = []
        for instant in range(10, 60):
            for one in changes:
                if one.committed_at_us == instant:
                    states[one.change.spot_id] = one.change.occupancy
            seen.append(dict(states))
        for hour in counts_by_hour(opening, changes, edges):
            part = seen[hour.begin_us - 10 : hour.end_us - 10]
            for state, mean in (
                (OCCUPIED, hour.occupied),
                (VACANT, hour.vacant),
                (UNKNOWN, hour.unknown),
            ):
                total = sum(list(one.values()).count(state) for one in part)
                assert mean == total / len(part)
