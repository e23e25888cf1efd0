"""From a float32 model to one that computes in whole bytes: smaller, and quicker on any CPU.

Static quantisation by ONNX Runtime's own tool, in its QDQ form: activations in uint8 with one
scale a tensor, weights in int8 with one scale a channel (Krishnamoorthi, arXiv 1806.08342). Input,
output and metadata stay what they were, so nothing that uses the model needs to know.
"""

import hashlib
import logging
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import onnx
from onnx import helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from models import SHIPPED_MODEL
from models.classifier import SpotClassifier
from models.corpus import Samples, load_cnrpark, load_frames
from models.metadata import PREFIX
from models.metrics import balanced_accuracy
from models.options import data_option
from models.patches import Image, PatchSpec
from models.splits import Part
from node.errors import UsageError

CALIBRATION_PATCHES: Final = 1024
"""How many patches are shown to the tool; twice as many gave no other figures."""

_BATCH: Final = 64
_WEIGHING: Final = frozenset({"Conv", "Gemm", "MatMul"})
_IN_BYTES: Final = ("Conv", "Gemm", "MatMul", "Relu", "Add", "Transpose", "Reshape")
_FLOAT_LAYERS: Final = 2
"""The last layers stay float: they cost nothing and give the probability its full resolution."""


class _Patches(CalibrationDataReader):  # type: ignore[misc]
    """The calibration patches, a batch at a time, as the quantisation tool asks for them."""

    def __init__(self, name: str, patches: Image) -> None:
        self._batches: Iterator[dict[str, Image]] = (
            {name: patches[start : start + _BATCH]} for start in range(0, len(patches), _BATCH)
        )

    def get_next(self) -> dict[str, Image] | None:
        return next(self._batches, None)


def quantise(source: Path, target: Path, patches: Image) -> None:
    """Write the int8 form of a float32 model; the same inputs give the same bytes.

    patches: (N, *shape) uint8, N >= 1, from lots like those that the model will see: they say how
    far each layer's values reach. The file's metadata gains `parkledger.quantised_from_sha256`.
    Raises UsageError if the source cannot be read, is quantised already or has nothing to quantise.
    """
    if not len(patches):
        raise ValueError("quantising needs at least one patch")
    model, digest = _read(source)
    with tempfile.TemporaryDirectory() as folder:
        named = Path(folder) / "named.onnx"
        onnx.save(model, str(named))
        made = Path(folder) / "int8.onnx"
        _quantise_file(named, made, kept_float(model), patches, model.graph.input[0].name)
        quantised = onnx.load(str(made))
    properties = {entry.key: entry.value for entry in model.metadata_props}
    properties[f"{PREFIX}quantised_from_sha256"] = digest
    helper.set_model_props(quantised, properties)
    quantised.producer_name = model.producer_name
    onnx.checker.check_model(quantised, full_check=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(quantised, str(target))


def _read(source: Path) -> tuple[Any, str]:
    """Return the model, every node of it with a name, and the file's SHA-256."""
    try:
        data = source.read_bytes()
        model = onnx.load_model_from_string(data)
    except OSError as error:
        raise UsageError(
            f"cannot read model {source} ({error.strerror}); check the path"
        ) from error
    except Exception as error:  # protobuf's own error; its class depends on the implementation
        raise UsageError(f"model {source} is no ONNX model: {str(error)[:80]}") from error
    kinds = {node.op_type for node in model.graph.node}
    if "DequantizeLinear" in kinds:
        raise UsageError(f"model {source} is quantised already; give the float32 model")
    if not kinds & _WEIGHING:
        raise UsageError(f"model {source} has no convolution or matrix product to quantise")
    for index, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{index}"
    return model, hashlib.sha256(data).hexdigest()


def kept_float(model: Any) -> list[str]:
    """Names of the nodes that stay float: before the first layer, and the last layers.

    What stands before the first layer normalises each look: bytes go in, and one byte a value
    comes out of it, so rounding in between would only lose. A Transpose or Reshape there computes
    nothing and may move bytes.
    """
    nodes = list(model.graph.node)
    layers = [index for index, node in enumerate(nodes) if node.op_type in _WEIGHING]
    # A network of one or two layers would have nothing left to quantise.
    tail = layers[-_FLOAT_LAYERS] if len(layers) > _FLOAT_LAYERS else len(nodes)
    before = [node.name for node in nodes[: layers[0]] if node.op_type != "Transpose"]
    return before + [node.name for node in nodes[tail:]]


def _quantise_file(
    source: Path, target: Path, floats: list[str], patches: Image, name: str
) -> None:
    # The tool advises on the root logger about a preparation step that this graph doesn't need.
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        quantize_static(
            str(source),
            str(target),
            _Patches(name, patches),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(_IN_BYTES),
            nodes_to_exclude=floats,
            per_channel=True,
            # Without VNNI a CPU adds two products of bytes in 16 bits: with weights of 7 bits the
            # sum cannot overflow, so the model answers the same everywhere.
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            # The mean of the batches' extremes: one odd patch must not coarsen every other's scale.
            extra_options={"CalibMovingAverage": True},
        )
    finally:
        root.setLevel(level)


@dataclass(frozen=True, slots=True)
class Loss:
    """What one set loses. before, after: balanced accuracy; flipped: spots decided otherwise."""

    name: str
    spots: int
    before: float
    after: float
    flipped: int


def compare(
    samples: Sequence[Samples], before: SpotClassifier, after: SpotClassifier
) -> tuple[Loss, ...]:
    """Both models on the same patches, set by set (a source's part is a set)."""
    sets: dict[str, list[Samples]] = {}
    for sample in samples:
        sets.setdefault(f"{sample.source} {sample.part.value}", []).append(sample)
    losses = []
    for name, parts in sets.items():
        patches = np.concatenate([part.patches for part in parts])
        occupied = np.concatenate([part.occupied for part in parts])
        first, second = (
            model.probabilities(patches).astype(np.float64) for model in (before, after)
        )
        losses.append(
            Loss(
                name=name,
                spots=len(occupied),
                before=balanced_accuracy(first, occupied),
                after=balanced_accuracy(second, occupied),
                flipped=int(np.count_nonzero((first >= 0.5) != (second >= 0.5))),
            )
        )
    return tuple(losses)


def spread(samples: Sequence[Samples], count: int = CALIBRATION_PATCHES) -> Image:
    """(count, *shape) of the samples' patches, evenly spaced; all where there are fewer."""
    patches = np.concatenate([sample.patches for sample in samples])
    chosen = np.linspace(0, len(patches) - 1, min(count, len(patches))).astype(np.int64)
    return np.asarray(patches[chosen])


def load(data: Path, parts: Sequence[Part], spec: PatchSpec) -> list[Samples]:
    """All labelled patches of some parts."""
    samples = [
        sample
        for source in ("acpds", "cnrext", "pklot")
        for sample in load_frames(data, source, parts, spec)
    ]
    return [*samples, *load_cnrpark(data, parts, spec)]


@click.command(context_settings={"show_default": True, "auto_envvar_prefix": "PARKLEDGER_QUANTISE"})
@data_option
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    default=SHIPPED_MODEL,
    show_default="the shipped model",
    show_envvar=True,
    help="The float32 ONNX model.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    show_envvar=True,
    help="The int8 ONNX model to write.",
)
def main(data: Path, model: Path, out: Path) -> None:
    """Write the int8 form of a model and print what each labelled set loses by it."""
    try:
        before = SpotClassifier.load(model)
        calibration = load(data, [Part.CALIBRATION], before.spec)
        quantise(model, out, spread(calibration))
        after = SpotClassifier.load(out)
        held_out = load(data, [Part.VALIDATION, Part.DEMONSTRATION], before.spec)
    except UsageError as error:
        raise click.ClickException(str(error)) from error
    sizes = [path.stat().st_size / 1000.0 for path in (model, out)]
    click.echo(f"{out}: {sizes[1]:.0f} KB, before {sizes[0]:.0f} KB\n")
    click.echo("| set | spots | balanced before | after | lost, points | decided otherwise |")
    click.echo("|---" * 6 + "|")
    for loss in compare([*calibration, *held_out], before, after):
        lost = 100.0 * (loss.before - loss.after)
        shares = f"{loss.before:.2%} | {loss.after:.2%} | {lost:+.2f}"
        click.echo(f"| {loss.name} | {loss.spots} | {shares} | {loss.flipped} |")


if __name__ == "__main__":
    main()
