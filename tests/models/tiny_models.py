"""Small ONNX files and drawn pictures for tests: what a model may look like, right and wrong."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper

from models.metadata import ModelMetadata
from models.metrics import Thresholds
from models.patches import Image, PatchSpec

METADATA = ModelMetadata(
    name="tiny",
    version="0",
    spec=PatchSpec(size=16, margin=0.25),
    temperature=1.0,
    thresholds=Thresholds(occupied_above=0.7, vacant_below=0.3),
    training_data="0" * 64,
)


def write_mean_model(
    path: Path,
    *,
    shape: Sequence[str | int] = ("N", 16, 16, 3),
    input_type: int = TensorProto.UINT8,
    metadata: dict[str, str] | None = None,
) -> Path:
    """A model whose 'probability' is a patch's mean brightness over 255."""
    nodes = [
        helper.make_node("Cast", ["patches"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Div", ["mean", "white"], ["occupied"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("patches", input_type, list(shape))],
        [helper.make_tensor_value_info("occupied", TensorProto.FLOAT, [shape[0]])],
        [helper.make_tensor("white", TensorProto.FLOAT, [], [255.0])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, METADATA.properties() if metadata is None else metadata)
    onnx.save(model, str(path))
    return path


def draw_asphalt(rng: np.random.Generator, *, side: int = 200) -> Image:
    """An empty spot seen from above at a slant: grey grain and two painted lines."""
    tone = rng.uniform(80, 150)
    picture = np.full((side, side, 3), tone) + rng.normal(0, 5, (side, side, 1))
    stain = cv2.GaussianBlur(rng.normal(0, 60, (side, side)), (0, 0), 12)[..., None]
    canvas = np.clip(picture + stain, 0, 255).astype(np.uint8)
    for x in (side // 6, side - side // 6):
        cv2.line(canvas, (x, side // 8), (x, side - side // 8), (215, 220, 220), 5)
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), 1.0))


def draw_car(rng: np.random.Generator, *, side: int = 200) -> Image:
    """A car standing on such a spot, seen from the front and above."""
    canvas = draw_asphalt(rng, side=side)
    paint = np.array(
        [(235, 235, 235), (40, 40, 45), (150, 150, 155), (40, 40, 170), (140, 80, 30)]
    )[int(rng.integers(5))]
    colour = tuple(int(v) for v in paint)
    dark = tuple(int(v * 0.7) for v in paint)
    glass = (70, 60, 50)

    def box(x: float, y: float, width: float, height: float, fill: tuple[int, ...]) -> None:
        left, top = int((x - width / 2) * side), int(y * side)
        right, bottom = int((x + width / 2) * side), int((y + height) * side)
        corner = max(2, int(0.04 * side))
        cv2.rectangle(canvas, (left + corner, top), (right - corner, bottom), fill, -1)
        cv2.rectangle(canvas, (left, top + corner), (right, bottom - corner), fill, -1)

    box(0.53, 0.17, 0.56, 0.72, (35, 35, 35))  # shadow on the ground
    box(0.5, 0.14, 0.52, 0.70, colour)  # body
    box(0.5, 0.20, 0.42, 0.08, glass)  # rear window
    box(0.5, 0.28, 0.44, 0.20, colour)  # roof
    box(0.5, 0.48, 0.44, 0.11, glass)  # windscreen
    box(0.5, 0.60, 0.48, 0.16, colour)  # bonnet
    box(0.5, 0.76, 0.50, 0.07, dark)  # grille
    for x in (0.31, 0.69):
        box(x, 0.755, 0.09, 0.05, (250, 250, 250))  # headlights
    box(0.5, 0.785, 0.14, 0.035, (240, 240, 240))  # plate
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), 1.0))
