"""The parameters that several routes share, and what every route may answer besides."""

from typing import Annotated, Any

from fastapi import Path, Query

from central.web.problems import MEDIA_TYPE, ProblemDetails
from node.identifiers import ID_PATTERN

_ID = rf"^{ID_PATTERN.pattern}$"

LotId = Annotated[str, Path(description="id of the lot", max_length=64, examples=["north"])]
SpotId = Annotated[str, Path(description="id of the spot", max_length=64, examples=["A01"])]
CameraId = Annotated[str, Path(description="id of the camera", max_length=64, examples=["mast"])]
At = Annotated[
    str | None,
    Query(
        description="as it stood at that instant (RFC 3339 with offset), by the time of commit",
        max_length=64,
        examples=["2026-11-22T14:00:00Z"],
    ),
]
Fresh = Annotated[
    bool, Query(description="ask the ledger's quorum: linearizable, and slower than the view")
]
Page = Annotated[str | None, Query(description="`next_page` of the answer before", max_length=400)]
Limit = Annotated[int, Query(description="most items in the answer", ge=1, le=5000)]
Since = Annotated[
    str | None,
    Query(description="committed at or after (RFC 3339 with offset)", max_length=64),
]
Until = Annotated[
    str | None, Query(description="committed before (RFC 3339 with offset)", max_length=64)
]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return how these errors are documented: as problem details."""
    return {
        status: {
            "description": "problem details (RFC 9457)",
            "content": {MEDIA_TYPE: {"schema": ProblemDetails.model_json_schema()}},
        }
        for status in statuses
    }


READ = {
    304: {"description": "as the client has it (If-None-Match)"},
    **problems(404, 422, 503),
}
