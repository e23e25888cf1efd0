"""What a model file says about itself, as ONNX metadata properties (text to text)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from models.metrics import Thresholds
from models.patches import PatchSpec

PREFIX: Final = "parkledger."
CHANNELS: Final = "bgr"


@dataclass(frozen=True, slots=True)
class ModelMetadata:
    """Everything that has to stay with the weights.

    temperature: by which the calibration divided the logit (already folded into the graph).
    training_data: SHA-256 over the labelled data, hexadecimal.
    """

    name: str
    version: str
    spec: PatchSpec
    temperature: float
    thresholds: Thresholds
    training_data: str

    def properties(self) -> dict[str, str]:
        """As ONNX metadata properties."""
        values = {
            "name": self.name,
            "version": self.version,
            "patch_size": str(self.spec.size),
            "patch_margin": repr(self.spec.margin),
            "patch_surroundings": repr(self.spec.surroundings),
            "channels": CHANNELS,
            "temperature": repr(self.temperature),
            "occupied_above": repr(self.thresholds.occupied_above),
            "vacant_below": repr(self.thresholds.vacant_below),
            "training_data_sha256": self.training_data,
        }
        return {PREFIX + key: value for key, value in values.items()}

    @classmethod
    def parse(cls, properties: Mapping[str, str]) -> Self:
        """Read what `properties` wrote. Raises ValueError naming the missing or wrong property."""

        def text(key: str) -> str:
            if PREFIX + key not in properties:
                raise ValueError(f"metadata property {PREFIX}{key} is missing")
            return properties[PREFIX + key]

        def number(key: str) -> float:
            found = text(key)
            try:
                return float(found)
            except ValueError as error:
                raise ValueError(f"metadata property {PREFIX}{key}: {error}") from error

        if text("channels") != CHANNELS:
            raise ValueError(f"channel order is {text('channels')!r}, need {CHANNELS!r}")
        return cls(
            name=text("name"),
            version=text("version"),
            spec=PatchSpec(
                size=int(number("patch_size")),
                margin=number("patch_margin"),
                surroundings=number("patch_surroundings"),
            ),
            temperature=number("temperature"),
            thresholds=Thresholds(number("occupied_above"), number("vacant_below")),
            training_data=text("training_data_sha256"),
        )
