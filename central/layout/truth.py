"""The truth of a clip as JSON: what each spot's state was, second by second.

{"lot": "north", "duration_s": 60.0, "spots": {"A01": [[0.0, "vacant"], [12.4, "occupied"]]}}
"""

import json

from node.values import frozen


@frozen
class Truth:
    """Each spot's states in a slow video, and on how much labelling they rest.

    spots: for each spot (from_second, occupied), the first at 0.0, times growing.
    left_out: spots without a label in the first picture. held: labels missing later on, where
    the last one stands on.
    """

    lot_id: str
    duration_s: float
    spots: dict[str, tuple[tuple[float, bool], ...]]
    left_out: tuple[str, ...]
    held: int


def format_truth(truth: Truth) -> str:
    """Return the truth's JSON text, one line a spot."""
    spots = ",\n".join(
        f"    {json.dumps(spot_id)}: "
        + json.dumps([[at, "occupied" if occupied else "vacant"] for at, occupied in states])
        for spot_id, states in truth.spots.items()
    )
    return (
        f'{{\n  "lot": {json.dumps(truth.lot_id)},\n  "duration_s": {json.dumps(truth.duration_s)},'
        f'\n  "spots": {{\n{spots}\n  }}\n}}\n'
    )
