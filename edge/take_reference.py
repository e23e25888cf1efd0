"""What a view looks like, taken from a source and written to a file that a layout names."""

import tomllib
from collections.abc import Callable
from pathlib import Path

from edge.nudge import Look, measure
from edge.nudge_judge import NudgeLimits
from edge.plan import Polygon
from edge.reader import Reader
from edge.readers import open_source
from edge.reference import (
    MAX_LOOKS,
    BadReference,
    Reference,
    add_look,
    masked_look,
    read_reference,
    write_reference,
)
from edge.snapshot import one_picture
from edge.source import Source
from node.errors import UsageError
from node.files import write_whole


def take_reference(
    source: Source,
    path: Path,
    *,
    masks: tuple[Polygon, ...] = (),
    open_reader: Callable[[Source], Reader] = open_source,
) -> int:
    """Write one picture of `source` to `path`, as one more look if a reference is there already.

    Returns how many looks it has now; the oldest gives way to a fifth. Raises UsageError (also for
    a picture that shows the view moved: then regions drawn on the old looks would not fit it),
    OperationError.
    """
    there = _existing(path)
    look = masked_look(one_picture(source, open_reader=open_reader), masks)
    for known in () if there is None else there.looks:
        moved = measure(Look(known, masks=masks), look, regions=())
        if moved is not None and moved.shift_px >= NudgeLimits.shift_px:
            raise UsageError(
                f"reference '{path}': the camera was moved by {moved.shift_px:.0f} px since; "
                "remove the file to begin anew, and draw the regions again"
            )
    try:
        data = write_reference(add_look(there, look))
    except ValueError as error:
        raise UsageError(f"reference '{path}': {error}") from error
    try:
        write_whole(path, data)
    except OSError as error:
        raise UsageError(
            f"reference '{path}' cannot be written ({error.strerror}); check the folder"
        ) from error
    return min(MAX_LOOKS, 1 + (0 if there is None else len(there.looks)))


def _existing(path: Path) -> Reference | None:
    try:
        return read_reference(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"reference '{path}' cannot be read: {error.strerror}") from error
    except BadReference as error:
        raise UsageError(
            f"reference '{path}' is some other file ({error}): name a new one"
        ) from error


def masks_of(layout: Path, camera_id: str) -> tuple[Polygon, ...]:
    """Return a camera's masks from a layout file; raises UsageError.

    Reads no more of the file than that: `parkledger apply` checks layouts.
    """
    try:
        tables = tomllib.loads(layout.read_text(encoding="utf-8"))["cameras"]
        camera = next(table for table in tables if table["id"] == camera_id)
        return tuple(
            tuple((float(x), float(y)) for x, y in mask["polygon"])
            for mask in camera.get("masks", ())
        )
    except OSError as error:
        raise UsageError(f"layout '{layout}' cannot be read: {error.strerror}") from error
    except StopIteration:
        raise UsageError(f"layout '{layout}' has no camera '{camera_id}'") from None
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"layout '{layout}' is no layout with masks that can be read ({error}): "
            "see parkledger apply --dry-run"
        ) from error
