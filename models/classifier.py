"""The spot classifier at work: patches in, calibrated probability of occupied out."""

import hashlib
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from models import SHIPPED_MODEL
from models.metadata import ModelMetadata
from models.metrics import Thresholds
from models.patches import Image, PatchSpec
from node.errors import UsageError

_BATCH: Final = 33
"""Patches a call at most: with more, what passes from layer to layer leaves the processor's cache,
which costs up to a tenth of the time."""


class SpotClassifier:
    """An ONNX spot classifier with the geometry and thresholds that its file carries.

    One instance may be used by several threads at once: ONNX Runtime's `run` is thread-safe.
    """

    def __init__(self, session: Any, metadata: ModelMetadata, sha256: str) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        self._outputs = [session.get_outputs()[0].name]
        self.metadata = metadata
        self.sha256 = sha256

    @property
    def spec(self) -> PatchSpec:
        """Geometry of the patches that the model was trained on."""
        return self.metadata.spec

    @property
    def thresholds(self) -> Thresholds:
        """Defaults for occupied, vacant and unknown, chosen on calibration data."""
        return self.metadata.thresholds

    @classmethod
    def load(cls, path: Path | None = None, *, threads: int = 1) -> Self:
        """Open a model file, by default the shipped one.

        threads: of ONNX Runtime inside one call; more than one fights with OpenCV's pool.
        Raises UsageError naming the file, what was found and what is needed.
        """
        path = path or SHIPPED_MODEL
        try:
            data = path.read_bytes()
        except OSError as error:
            raise UsageError(
                f"cannot read model {path} ({error.strerror}); check the path"
            ) from error
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        # ONNX Runtime's own errors share no base class but Exception; all mean a bad file here.
        except Exception as error:
            reason = str(error).splitlines()[0]
            raise UsageError(
                f"model {path} is no ONNX model that can run here: {reason}"
            ) from error
        try:
            metadata = ModelMetadata.parse(session.get_modelmeta().custom_metadata_map)
        except ValueError as error:
            raise UsageError(
                f"model {path}: {error}; use a model written by models.train"
            ) from error
        _check_signature(path, session, metadata.spec)
        return cls(session, metadata, hashlib.sha256(data).hexdigest())

    def probabilities(self, patches: Image) -> npt.NDArray[np.float32]:
        """(N, *spec.shape) uint8 BGR patches -> (N,) float32 probability of occupied, N may be 0.

        Raises ValueError for patches of another shape or type than `spec` says.
        """
        if patches.dtype != np.uint8 or patches.shape[1:] != self.spec.shape:
            needed = ", ".join(map(str, self.spec.shape))
            raise ValueError(
                f"patches are {patches.dtype} {patches.shape}, need uint8 (N, {needed})"
            )
        out = np.empty(len(patches), dtype=np.float32)
        parts = -(-len(patches) // _BATCH)
        for part in range(parts):  # of about one size: a small rest would cost more a patch
            first, last = (len(patches) * edge // parts for edge in (part, part + 1))
            some = np.ascontiguousarray(patches[first:last])
            # Unnamed, outputs would be looked up anew: a fiftieth of such a run.
            out[first:last] = self._session.run(self._outputs, {self._input: some})[0]
        return out


def _check_signature(path: Path, session: Any, spec: PatchSpec) -> None:
    """Refuse a model whose input or output is not what the metadata promises."""
    for kind, found, dtype, sides in (
        ("input", session.get_inputs(), "tensor(uint8)", spec.shape),
        ("output", session.get_outputs(), "tensor(float)", ()),
    ):
        described = ", ".join(f"{value.type} {value.shape}" for value in found)
        wanted = f"one {dtype} of shape (N{''.join(f', {side}' for side in sides)})"
        right = (
            len(found) == 1
            and found[0].type == dtype
            and len(found[0].shape) == 1 + len(sides)
            and not isinstance(found[0].shape[0], int)
            and tuple(found[0].shape[1:]) == sides
        )
        if not right:
            raise UsageError(f"model {path}: {kind} is {described}; needed is {wanted}, N free")
