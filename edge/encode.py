"""Frame -> JPEG."""

import cv2
import numpy as np

from edge.frames import CapturedFrame, EncodedFrame, Image


def encode_jpeg(image: Image, *, quality: int) -> bytes:
    """Compress (height, width, 3) BGR; `quality` is 1 to 100 as in libjpeg."""
    ok, buffer = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise ValueError(f"OpenCV cannot encode a picture of shape {image.shape} as JPEG")
    return buffer.tobytes()


def limit_width(image: Image, max_width: int | None) -> Image:
    """Shrink `image` to at most `max_width` pixels across, keeping its aspect ratio.

    Regions are stored in shares of the picture, so a smaller one needs no other layout.
    """
    height, width = image.shape[:2]
    if max_width is None or width <= max_width:
        return image
    size = (max_width, max(1, round(height * max_width / width)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def encode_frame(frame: CapturedFrame, *, quality: int, max_width: int | None) -> EncodedFrame:
    """Return what is sent for `frame`."""
    image = limit_width(frame.image, max_width)
    return EncodedFrame(
        jpeg=encode_jpeg(image, quality=quality),
        width=image.shape[1],
        height=image.shape[0],
        captured_at_us=frame.captured_at_us,
        position_us=frame.position_us,
    )
