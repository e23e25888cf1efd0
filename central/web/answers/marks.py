"""What every answer says of the state that it is of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from central.web.freshness import Mark

Instant = Annotated[
    str,
    Field(
        description="RFC 3339, UTC with the offset written out",
        examples=["2026-11-22T14:03:22.120000+00:00"],
        json_schema_extra={"format": "date-time"},
    ),
]


class Model(BaseModel):
    """The base of all answers. Fields that have a default are always sent."""

    model_config = ConfigDict(
        frozen=True, json_schema_serialization_defaults_required=True, extra="forbid"
    )


class LedgerMark(Model):
    """Which state of the ledger this is."""

    index: int = Field(description="applied index: everything up to it is in the answer")
    age_ms: int | None = Field(
        description="the answer may lack what was committed in the last so many milliseconds; "
        "0: linearizable, or of an instant in the past; null: not known"
    )
    stale: bool = Field(description="older than the service's limit: do not show it as the present")

    @classmethod
    def of(cls, mark: Mark) -> "LedgerMark":
        """Return what is sent of a mark."""
        age_ms = None if mark.age_us is None else mark.age_us // 1000
        return cls(index=mark.index, age_ms=age_ms, stale=mark.stale)


class Marked(Model):
    """An answer that carries its mark. It is filled in when the rest is made: see `answering`."""

    ledger: LedgerMark = LedgerMark(index=0, age_ms=None, stale=True)


class Paged(Marked):
    """An answer that may have a next page."""

    next_page: str | None = Field(
        default=None, description="give it as `page` to have the next page; null: there is none"
    )
