"""A lot's layout: the document that TOML files hold, as JSON of the same shape."""

from typing import Any

from pydantic import Field

from central.web.answers.marks import Marked, Model

EXAMPLE = {
    "lot": {"id": "north", "name": "North campus lot", "time_zone": "Europe/Paris"},
    "spots": [{"id": "A01"}],
    "cameras": [
        {
            "id": "mast",
            "regions": [
                {"spot": "A01", "polygon": [[0.1, 0.4], [0.2, 0.4], [0.2, 0.5], [0.1, 0.5]]}
            ],
        }
    ],
}


class LayoutAnswer(Marked):
    """A lot's layout and its version."""

    version: int
    layout: dict[str, Any] = Field(
        description="as in the layout's TOML file (README), coordinates as fractions",
        examples=[EXAMPLE],
    )


class Applied(Model):
    """A layout is committed."""

    index: int = Field(description="applied index of the ledger that holds it")
    version: int
    changed: bool = Field(description="false: the same layout was there already")
