"""A 25 fps 1080p H.264 file, made of a sample clip: what a network camera sends."""

import subprocess
from pathlib import Path

from node.errors import OperationError

SAMPLE = Path(__file__).resolve().parents[2] / "sample_videos" / "north_east.mp4"
KEY_EVERY = 50  # frames: two seconds, what most cameras are set to
SECONDS = 40


def make_clip(path: Path) -> Path:
    """Write the clip with a key frame every two seconds, 4 Mbit/s; raises OperationError."""
    arguments = [
        *("ffmpeg", "-loglevel", "error", "-y", "-stream_loop", "1", "-i", str(SAMPLE)),
        *("-vf", "scale=1920:1080,fps=25", "-t", str(SECONDS), "-c:v", "libx264"),
        # Cameras look neither ahead nor far back.
        *("-preset", "veryfast", "-bf", "0", "-refs", "1", "-g", str(KEY_EVERY)),
        *("-b:v", "4M", str(path)),
    ]
    try:
        subprocess.run(arguments, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise OperationError(
            f"the clip cannot be made ({error}): install ffmpeg, or name a file with --clip"
        ) from error
    return path
