"""The spot classifier: its weights, its geometry and the code that makes and measures it.

Importing this package loads nothing: a camera node needs `models.patches` only and must not
pull in ONNX Runtime, let alone torch.
"""

import os
from pathlib import Path
from typing import Final

# ONNX Runtime as it is distributed (since 1.29) tells Microsoft what it runs, the model's name and
# hashes too, and leaves an id of the machine in the home directory. Read once, at its import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

SHIPPED_MODEL: Final = Path(__file__).parent / "spot_classifier.onnx"
"""The model that `models/README.md` describes and that the processor loads by default."""
