"""The spot classifier: its weights, its geometry and the code that makes and measures it.

Importing this package loads nothing: a camera node needs `models.patches` only and must not
pull in ONNX Runtime, let alone torch.
"""

from pathlib import Path
from typing import Final

SHIPPED_MODEL: Final = Path(__file__).parent / "spot_classifier.onnx"
"""The model that `models/README.md` describes and that the processor loads by default."""
