"""Previews of the classifier's answer."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from central.web.answers.lots import OccupancyWord
from central.web.answers.marks import Instant, Model
from central.web.instants import text_of
from central.web.pictures import Preview as PurePreview

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class PreviewRequest(BaseModel):
    """Quadrilaterals in a camera's picture."""

    model_config = ConfigDict(extra="forbid")

    regions: list[Annotated[list[tuple[Fraction, Fraction]], Field(min_length=4, max_length=4)]] = (
        Field(
            min_length=1,
            max_length=1000,
            description="four corners each, as fractions of the picture's width and height",
            examples=[[[[0.1, 0.4], [0.2, 0.4], [0.2, 0.5], [0.1, 0.5]]]],
        )
    )


class Seen(Model):
    """What the classifier says of one region."""

    occupancy: OccupancyWord = Field(description="unknown: between the thresholds")
    probability: float = Field(description="of occupied")


class PreviewAnswer(Model):
    """What the classifier says of regions, in their order. Nothing of it is recorded."""

    captured_at: Instant
    regions: list[Seen]

    @classmethod
    def of(cls, preview: PurePreview) -> "PreviewAnswer":
        """Return what is sent of a preview."""

        def word(probability: float) -> OccupancyWord:
            if probability >= preview.occupied_above:
                return "occupied"
            return "vacant" if probability <= preview.vacant_below else "unknown"

        return cls(
            captured_at=text_of(preview.captured_at_us),
            regions=[Seen(occupancy=word(p), probability=p) for p in preview.probabilities],
        )
