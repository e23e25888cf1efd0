"""A trained network as an ONNX file that carries its own geometry, calibration and thresholds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.metadata import ModelMetadata
from models.network import CONTRAST_FLOOR, LAYERS, STEM
from models.patches import PatchSpec

OPSET: Final = 17
_IR_VERSION: Final = 8

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
    """uint8 NHWC as the remap leaves it -> what `models.network.planes` makes of it."""
    looks = graph.constant("looks", np.array([0, spec.looks, -1], dtype=np.int64))
    rows, size, channels = spec.shape
    grouped = np.array([-1, rows, size // STEM, channels * STEM], dtype=np.int64)
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


def _head(graph: _Graph, value: str, channels: int, weights: Weights, temperature: float) -> None:
    def layer(name: str, value: str, index: int, divisor: float, groups: int) -> str:
        kernel = graph.constant(f"{name}_kernel", weights[f"{index}.weight"] / np.float32(divisor))
        bias = graph.constant(f"{name}_bias", weights[f"{index}.bias"] / np.float32(divisor))
        return graph.add("Conv", [value, kernel, bias], name, group=groups)

    first = 3 * (len(LAYERS) + 1)
    places = layer("places", value, first, 1.0, channels)
    met = layer("met", graph.add("Relu", [places], "places_active"), first + 3, 1.0, 1)
    # The calibration's temperature divides the logit, so it belongs in the last weights.
    logit = layer("logit_map", graph.add("Relu", [met], "met_active"), first + 5, temperature, 1)
    shape = graph.constant("column", np.array([-1], dtype=np.int64))
    graph.add("Sigmoid", [graph.add("Reshape", [logit, shape], "logit")], "occupied")


def export(path: Path, weights: Weights, metadata: ModelMetadata) -> None:
    """Write the model: input `patches` uint8 (N, *shape), output `occupied` float32 (N,).

    weights: the state of `models.network.build`, by PyTorch's names. The metadata's temperature
    goes into the graph.
    """
    graph = _Graph()
    value = _input(graph, metadata.spec)
    value = _convolution(graph, value, 0, weights, (STEM, 1))
    for index, layer in enumerate(LAYERS, start=1):
        value = _convolution(graph, value, index, weights, (layer.stride, layer.stride))
    _head(graph, value, LAYERS[-1].channels, weights, metadata.temperature)
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
