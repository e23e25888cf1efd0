"""What `preview` shows: a picture, the regions of one camera, and the model's answers on them."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from central.layout.document import Camera, Layout
from central.layout.drawing import (
    OCCUPIED,
    PLAIN,
    UNKNOWN,
    VACANT,
    Colour,
    Image,
    Mark,
    blackened,
    draw_grid,
    draw_marks,
)
from central.layout.outputs import check_output
from central.layout.toml import read_layout
from node.errors import OperationError, UsageError
from node.values import frozen


@frozen
class Preview:
    """What to draw over and where to: without a layout a grid is drawn."""

    picture: Path
    layout: Path | None
    camera_id: str | None
    out: Path


def draw(preview: Preview, *, classify: bool) -> None:
    """Write the drawing; with `classify` coloured by the shipped model's answers."""
    check_output("--out", preview.out, inputs=(preview.picture, preview.layout))
    if preview.layout is None:
        write_picture(preview.out, draw_grid(read_picture(preview.picture)))
        return
    layout = read_layout(preview.layout)
    camera = choose_camera(layout, preview.camera_id, source=str(preview.layout))
    frame = read_picture(preview.picture)
    masks = [mask.polygon for mask in camera.masks]
    if classify:
        marks = ask_model(camera, blackened(frame, masks))
        drawing = draw_marks(frame, marks, tint=0.25, masks=masks)
    else:
        drawing = draw_marks(frame, plain_marks(camera), tint=0.08, masks=masks)
    write_picture(preview.out, drawing)


def ask_model(camera: Camera, frame: Image) -> list[Mark]:
    """Classify every region of the frame with the shipped model."""
    try:
        from models.classifier import SpotClassifier
    except ModuleNotFoundError as error:
        raise OperationError(
            f"--classify needs the package '{error.name}': pip install 'parkledger[all]'"
        ) from error
    from models.patches import PatchCutter

    classifier = SpotClassifier.load()
    height, width = frame.shape[:2]
    polygons = [region.polygon for region in camera.regions]
    patches = PatchCutter(polygons, width=width, height=height, spec=classifier.spec).cut(frame)
    return classified_marks(
        camera,
        [float(value) for value in classifier.probabilities(patches)],
        occupied_above=classifier.thresholds.occupied_above,
        vacant_below=classifier.thresholds.vacant_below,
    )


def read_picture(path: Path) -> Image:
    """Return (H, W, 3) uint8 BGR: the picture, or a video's first frame."""
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; name a picture or a video")
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file; check the path")
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        capture = cv2.VideoCapture(str(path))
        try:
            _, picture = capture.read()
        finally:
            capture.release()
    if picture is None:
        raise UsageError(f"{path}: is neither a picture nor a video that can be read; replace it")
    return np.asarray(picture, dtype=np.uint8)


def write_picture(path: Path, picture: Image) -> None:
    """Write a picture in the format that the file's name says."""
    if not cv2.haveImageWriter(str(path)):
        raise UsageError(f"--out {path}: name a file that ends in .jpg or .png")
    try:
        written = cv2.imwrite(str(path), picture)
    except cv2.error:
        written = False
    if not written:
        raise OperationError(f"{path}: cannot be written; check the folder and its free space")


def choose_camera(layout: Layout, camera_id: str | None, *, source: str) -> Camera:
    """Return the camera named, or the only one; raises UsageError if there is no such one."""
    ids = ", ".join(camera.camera_id for camera in layout.cameras) or "none"
    if camera_id is None:
        if len(layout.cameras) != 1:
            raise UsageError(f"{source}: has several cameras or none ({ids}); use --camera-id")
        return layout.cameras[0]
    camera = layout.camera(camera_id)
    if camera is None:
        raise UsageError(f"{source}: has no camera '{camera_id}'; its cameras: {ids}")
    return camera


def plain_marks(camera: Camera) -> list[Mark]:
    """Return the camera's regions with their spots' ids."""
    return [
        Mark(polygon=region.polygon, lines=(region.spot_id,), colour=PLAIN)
        for region in camera.regions
    ]


def classified_marks(
    camera: Camera,
    probabilities: Sequence[float],
    *,
    occupied_above: float,
    vacant_below: float,
) -> list[Mark]:
    """Return the regions coloured by probability of occupied; the text is the confidence in it."""
    marks = []
    for region, probability in zip(camera.regions, probabilities, strict=True):
        colour, sign, confidence = _verdict(probability, occupied_above, vacant_below)
        lines = (region.spot_id, f"{sign}{confidence:.0%}")
        marks.append(Mark(polygon=region.polygon, lines=lines, colour=colour))
    return marks


def _verdict(
    probability: float, occupied_above: float, vacant_below: float
) -> tuple[Colour, str, float]:
    # The sign says the same as the colour, for those who cannot tell red from green.
    if probability > occupied_above:
        return OCCUPIED, "x ", probability
    if probability < vacant_below:
        return VACANT, "o ", 1.0 - probability
    return UNKNOWN, "? ", max(probability, 1.0 - probability)
