"""Samples to label by hand, and what labels say of the ledger."""

from base64 import b64encode

from pydantic import BaseModel, ConfigDict, Field

from central.web.answers.lots import WORDS, OccupancyWord
from central.web.answers.marks import Instant, Model
from central.web.audit.samples import Sample as PureSample
from central.web.audit.tally import CameraTally, Seen
from central.web.instants import text_of


class SamplesRequest(BaseModel):
    """How many samples are wanted."""

    model_config = ConfigDict(extra="forbid")

    count: int = Field(default=10, ge=1, le=100)


class Sample(Model):
    """One spot on one picture. What the ledger says of it is told when it is labelled."""

    id: str
    camera: str
    spot: str
    captured_at: Instant
    image: str = Field(description="data URL of a JPEG: the spot outlined in its surroundings")

    @classmethod
    def of(cls, sample: PureSample) -> "Sample":
        """Return what is sent of a sample."""
        return cls(
            id=sample.sample_id,
            camera=sample.camera_id,
            spot=sample.spot_id,
            captured_at=text_of(sample.captured_at_us),
            image=f"data:image/jpeg;base64,{b64encode(sample.jpeg).decode()}",
        )


class SamplesAnswer(Model):
    """Samples, chosen at random among all spots that cameras with pictures see."""

    samples: list[Sample]


class LabelRequest(BaseModel):
    """What a person saw."""

    model_config = ConfigDict(extra="forbid")

    seen: Seen


class LabelAnswer(Model):
    """What the ledger had said."""

    said: OccupancyWord

    @classmethod
    def of(cls, sample: PureSample) -> "LabelAnswer":
        """Return what is told once a sample is labelled."""
        return cls(said=WORDS[sample.said])


class CameraFigures(Model):
    """One camera's error rate."""

    camera: str
    labelled: int = Field(description="samples on which a person could tell")
    wrong: int = Field(description="of these, those for which the ledger said the opposite")
    unknown: int = Field(description="of these, those for which the ledger said unknown")
    untold: int = Field(description="samples on which a person could not tell")
    error_rate: float | None = Field(description="wrong among those that both decided")
    interval: tuple[float, float] = Field(description="95 % score interval of the error rate")

    @classmethod
    def of(cls, tally: CameraTally) -> "CameraFigures":
        """Return what is sent of a camera's figures."""
        return cls(
            camera=tally.camera_id,
            labelled=tally.labelled,
            wrong=tally.wrong,
            unknown=tally.unknown,
            untold=tally.untold,
            error_rate=tally.error_rate,
            interval=tally.interval,
        )


class AuditAnswer(Model):
    """Cameras by id."""

    cameras: list[CameraFigures]
