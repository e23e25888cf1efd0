"""What the processor needs of a classifier.

`models.classifier.SpotClassifier` has it, and so have the fakes of the tests.
"""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.patches import PatchSpec

Patches = npt.NDArray[np.uint8]
Probabilities = npt.NDArray[np.float32]


class Thresholds(Protocol):
    """Two thresholds on the probability of occupied; between them an observation is unsure."""

    @property
    def occupied_above(self) -> float: ...
    @property
    def vacant_below(self) -> float: ...


class Classifier(Protocol):
    """Patches in, probability of occupied out. Used by several threads at once."""

    @property
    def spec(self) -> PatchSpec: ...
    @property
    def thresholds(self) -> Thresholds: ...
    @property
    def sha256(self) -> str: ...

    def probabilities(self, patches: Patches) -> Probabilities:
        """(N, S, S, 3) uint8 BGR -> (N,) float32 in [0, 1]."""
        ...


def model_name(classifier: Classifier) -> str:
    """Return how the ledger names the model: the first 16 hex digits of its file's SHA-256."""
    return classifier.sha256[:16]
