"""A trained network as an ONNX file that carries its own geometry, calibration and thresholds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.metadata import ModelMetadata
from models.network import CONTRAST_FLOOR, LAYERS, STEM, STEM_CHANNELS, Convolution
from models.patches import PatchSpec

OPSET: Final = 17
_IR_VERSION: Final = 8
_KINDS: Final = ("weight", "bias")

Weights = Mapping[str, npt.NDArray[np.float32]]


class _Graph:
    """Nodes and constants in the order they are added."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, value: npt.NDArray[Any]) -> str:
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def add(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], output, **attributes))
        return output


def _input(graph: _Graph, spec: PatchSpec) -> str:
    """uint8 NHWC as the remap leaves it -> what `models.network.planes` makes of it, as one image.

    That is (1, 3 * STEM, N * rows, size / STEM): all patches, one below the other.
    """
    looks = graph.constant("looks", np.array([0, spec.looks, -1], dtype=np.int64))
    _, size, channels = spec.shape
    grouped = np.array([1, -1, size // STEM, channels * STEM], dtype=np.int64)
    shape = graph.constant("shape", grouped)
    ones = graph.constant("ones", np.ones(spec.looks, dtype=np.float32))
    zeros = graph.constant("zeros", np.zeros(spec.looks, dtype=np.float32))
    floats = graph.add("Cast", ["patches"], "floats", to=TensorProto.FLOAT)
    whole = graph.add("Reshape", [floats, looks], "looks_as_channels")
    # With each look as one channel, instance normalisation is the look's own mean and deviation.
    even = graph.add(
        "InstanceNormalization", [whole, ones, zeros], "even", epsilon=CONTRAST_FLOOR**2
    )
    normalised = graph.add("Reshape", [even, shape], "normalised")
    return graph.add("Transpose", [normalised], "planes", perm=[0, 3, 1, 2])


@dataclass(frozen=True, slots=True)
class _Maps:
    """Feature maps on their way through the layers.

    rows, width: of one patch's maps. one: all patches stand in one image, one below the other; it
    saves a layer's cost a picture, and is right where no kernel reaches from patch to patch.
    """

    value: str
    rows: int
    width: int
    channels: int
    one: bool = True


def _standing(graph: _Graph, maps: _Maps, *, one: bool) -> _Maps:
    """The same maps as one image or as an image each; it costs nothing, for rows lie as before."""
    if maps.one is one:
        return maps
    name = "together" if one else "apart"
    shape = [1, -1] if one else [-1, maps.rows]
    wanted = np.array([*shape, maps.width, maps.channels], dtype=np.int64)
    last = graph.add("Transpose", [maps.value], f"{name}_last", perm=[0, 2, 3, 1])
    moved = graph.add("Reshape", [last, graph.constant(f"{name}_shape", wanted)], f"{name}_rows")
    value = graph.add("Transpose", [moved], name, perm=[0, 3, 1, 2])
    return replace(maps, value=value, one=one)


def _convolution(
    graph: _Graph, value: str, index: int, weights: Weights, strides: tuple[int, int]
) -> str:
    """Convolution and batch normalisation folded into one, then ReLU."""
    norm = f"{3 * index + 1}"
    scale = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + 1e-5)
    kernel = weights[f"{3 * index}.weight"] * scale[:, None, None, None]
    bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    height, width = kernel.shape[2:]
    around = 0 if strides[0] == height else height // 2  # the stem's blocks meet, none overlaps
    inputs = [
        value,
        graph.constant(f"kernel{index}", kernel.astype(np.float32)),
        graph.constant(f"bias{index}", bias.astype(np.float32)),
    ]
    convolved = graph.add(
        "Conv",
        inputs,
        f"convolved{index}",
        kernel_shape=[height, width],
        strides=list(strides),
        pads=[around] * 4,
    )
    return graph.add("Relu", [convolved], f"active{index}")


def _layer(graph: _Graph, maps: _Maps, index: int, layer: Convolution, weights: Weights) -> _Maps:
    maps = _standing(graph, maps, one=layer.side == layer.stride)
    value = _convolution(graph, maps.value, index, weights, (layer.stride, layer.stride))
    rows, width = ((side - 1) // layer.stride + 1 for side in (maps.rows, maps.width))
    return _Maps(value, rows, width, layer.channels, one=maps.one)


def _head(graph: _Graph, maps: _Maps, weights: Weights, temperature: float) -> None:
    def weighed(name: str, index: int, divisor: float) -> list[str]:
        kernel, bias = (weights[f"{index}.{kind}"] / np.float32(divisor) for kind in _KINDS)
        if name != "places":  # 1x1 on a map of one place: a product of matrices
            kernel = np.ascontiguousarray(kernel[:, :, 0, 0].T)
        return [graph.constant(f"{name}_kernel", kernel), graph.constant(f"{name}_bias", bias)]

    first = 3 * (len(LAYERS) + 1)
    maps = _standing(graph, maps, one=True)
    sides = [maps.rows, maps.width]
    inputs = [maps.value, *weighed("places", first, 1.0)]
    graph.add("Conv", inputs, "places", group=maps.channels, kernel_shape=sides, strides=sides)
    graph.add("Relu", ["places"], "places_active")
    graph.add("Transpose", ["places_active"], "places_last", perm=[0, 2, 3, 1])
    shape = graph.constant("features_shape", np.array([-1, maps.channels], dtype=np.int64))
    features = graph.add("Reshape", ["places_last", shape], "features")
    met = graph.add("Gemm", [features, *weighed("met", first + 3, 1.0)], "met")
    # The calibration's temperature divides the logit, so it belongs in the last weights.
    last = [graph.add("Relu", [met], "met_active"), *weighed("logit", first + 5, temperature)]
    column = graph.constant("column", np.array([-1], dtype=np.int64))
    logit = graph.add("Reshape", [graph.add("Gemm", last, "logit_column"), column], "logit")
    graph.add("Sigmoid", [logit], "occupied")


def export(path: Path, weights: Weights, metadata: ModelMetadata) -> None:
    """Write the model: input `patches` uint8 (N, *shape), output `occupied` float32 (N,).

    weights: the state of `models.network.build`, by PyTorch's names. The metadata's temperature
    goes into the graph.
    """
    graph = _Graph()
    stem = _convolution(graph, _input(graph, metadata.spec), 0, weights, (STEM, 1))
    rows, size, _ = metadata.spec.shape
    maps = _Maps(stem, rows // STEM, size // STEM, STEM_CHANNELS)
    for index, layer in enumerate(LAYERS, start=1):
        maps = _layer(graph, maps, index, layer, weights)
    _head(graph, maps, weights, metadata.temperature)
    inputs = [
        helper.make_tensor_value_info("patches", TensorProto.UINT8, ["N", *metadata.spec.shape])
    ]
    outputs = [helper.make_tensor_value_info("occupied", TensorProto.FLOAT, ["N"])]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "spot_classifier", inputs, outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
        producer_name="parkledger",
    )
    helper.set_model_props(model, metadata.properties())
    onnx.checker.check_model(model, full_check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
