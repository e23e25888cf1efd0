"""What `convert` does: read, convert, then write; nothing is written before all is known good."""

from collections.abc import Iterator
from pathlib import Path

from central.layout.convert import Names, to_layout, to_truth
from central.layout.frames import one_camera, read_pictures
from central.layout.outputs import check_new, check_output
from central.layout.slow_video import codec_of, find_images, frames_per_picture, write_video
from central.layout.toml import format_layout
from central.layout.truth import format_truth
from node.errors import OperationError
from node.values import frozen


@frozen
class Conversion:
    """What to read, what to call it and what to write; an output that is None is not made.

    replace: outputs that are there already are replaced, and no reason to refuse.
    """

    frames: Path
    lot_id: str
    lot_name: str
    camera_id: str
    camera: str | None
    images: Path | None
    out_layout: Path
    out_video: Path | None
    out_truth: Path | None
    fps: float
    seconds_per_picture: float
    replace: bool


def run(job: Conversion) -> Iterator[str]:
    """Make the files and yield a line for a person as each is written."""
    _check_outputs(job)
    source = str(job.frames)
    pictures = one_camera(read_pictures(job.frames), job.camera, source=source)
    names = Names(lot_id=job.lot_id, camera_id=job.camera_id, lot_name=job.lot_name)
    converted = to_layout(pictures, names, source=source)
    repeat = frames_per_picture(job.seconds_per_picture, job.fps)
    seconds = repeat / job.fps
    truth = None
    if job.out_truth is not None:
        truth = to_truth(pictures, lot_id=job.lot_id, seconds_per_picture=seconds, source=source)
    files = find_images(job.frames, pictures, job.images) if job.out_video is not None else []

    _write(job.out_layout, format_layout(converted.layout))
    boxed = f", {len(converted.boxed)} of them boxed" if converted.boxed else ""
    yield f"{job.out_layout}: {len(converted.layout.spots)} spots{boxed}"
    if truth is not None and job.out_truth is not None:
        _write(job.out_truth, format_truth(truth))
        changes = sum(len(states) - 1 for states in truth.spots.values())
        yield (
            f"{job.out_truth}: {len(truth.spots)} spots, {changes} changes in "
            f"{truth.duration_s:g} s; {len(truth.left_out)} spots left out, "
            f"{truth.held} missing labels held"
        )
    if job.out_video is not None:
        size = (pictures[0].width, pictures[0].height)
        write_video(job.out_video, files, size=size, fps=job.fps, repeat=repeat)
        yield f"{job.out_video}: {len(files)} pictures, {len(files) * seconds:g} s"


def _check_outputs(job: Conversion) -> None:
    outputs = (
        ("--out-layout", job.out_layout),
        ("--out-video", job.out_video),
        ("--out-truth", job.out_truth),
    )
    for option, path in outputs:
        if path is not None:
            check_output(option, path, inputs=(job.frames,))
            check_new(option, path, replace=job.replace)
    if job.out_video is not None:
        codec_of(job.out_video)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OperationError(f"{path}: cannot be written ({error.strerror})") from error
