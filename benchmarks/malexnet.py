"""mAlexNet with random weights: it classifies nothing but costs what the published one costs.

Amato et al., "Deep learning for decentralized parking lot occupancy detection", Expert Systems
with Applications 72 (2017), table 2; its input is float32 N×3×224×224.
"""

from typing import Any, Final

import numpy as np

_KERNELS: Final = ((16, 3, 11, 11), (20, 16, 5, 5), (30, 20, 3, 3))
_DENSE: Final = ((48, 480), (2, 48))


def malexnet() -> bytes:
    """The network as an ONNX file. Needs the package onnx."""
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(1)
    nodes: list[Any] = []
    weights: list[Any] = []
    value = "pictures"

    def layer(operator: str, shape: tuple[int, ...], **attributes: Any) -> None:
        nonlocal value
        index = len(weights)
        kernel = rng.normal(0.0, np.prod(shape[1:]) ** -0.5, shape).astype(np.float32)
        weights.append(numpy_helper.from_array(kernel, f"kernel{index}"))
        weights.append(numpy_helper.from_array(np.zeros(shape[0], np.float32), f"bias{index}"))
        inputs = [value, f"kernel{index}", f"bias{index}"]
        value = f"sum{index}"
        nodes.append(helper.make_node(operator, inputs, [value], **attributes))

    def then(operator: str, **attributes: Any) -> None:
        nonlocal value
        inputs, value = [value], f"{value}_{operator.lower()}"
        nodes.append(helper.make_node(operator, inputs, [value], **attributes))

    for index, shape in enumerate(_KERNELS):
        layer("Conv", shape, strides=[4, 4] if index == 0 else [1, 1])
        then("Relu")
        then("MaxPool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    then("Flatten")
    layer("Gemm", _DENSE[0], transB=1)
    then("Relu")
    layer("Gemm", _DENSE[1], transB=1)
    graph = helper.make_graph(
        nodes,
        "malexnet",
        [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["N", 3, 224, 224])],
        [helper.make_tensor_value_info(value, TensorProto.FLOAT, ["N", 2])],
        weights,
    )
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    return bytes(model.SerializeToString())
