"""Layout files to the ledger: all are checked before the first is sent."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from central.layout.document import Layout
from central.layout.toml import read_layout
from central.layout.validate import fault
from central.ledger.interface import Ledger, LedgerError
from node.errors import OperationError, UsageError
from node.values import frozen


@frozen
class LayoutFile:
    """A layout and the file that states it."""

    path: Path
    layout: Layout


def read_layouts(paths: Sequence[Path]) -> tuple[LayoutFile, ...]:
    """Read and check every file, then that no lot and no camera is in two of them."""
    files = tuple(LayoutFile(path=path, layout=read_layout(path)) for path in paths)
    lots: dict[str, Path] = {}
    cameras: dict[str, Path] = {}
    for file in files:
        _claim(lots, file, "lot.id", "lot", file.layout.lot_id)
        for index, camera in enumerate(file.layout.cameras):
            _claim(cameras, file, f"cameras[{index}].id", "camera", camera.camera_id)
    return files


def check_expected_version(files: Sequence[LayoutFile], expected_version: int | None) -> None:
    """Raise UsageError where one version number is to hold for several lots."""
    if expected_version is not None and len(files) != 1:
        raise UsageError(
            f"--expect-version {expected_version} with {len(files)} files: "
            "a version belongs to one lot; give one file"
        )


async def commit(
    ledger: Ledger,
    files: Sequence[LayoutFile],
    *,
    expected_version: int | None,
    timeout: float,
) -> AsyncIterator[str]:
    """Commit one layout after the other; yield a line for a person as each is committed.

    timeout: seconds for each. Raises OperationError naming the file at the first that fails;
    the ones before it stay committed.
    """
    for file in files:
        layout = file.layout
        try:
            result = await ledger.apply(layout, expected_version=expected_version, timeout=timeout)
        except LedgerError as error:
            raise OperationError(f"{file.path}: lot '{layout.lot_id}': {error}") from error
        if result.changed:
            yield (
                f"{layout.lot_id}: version {result.version}, {contents(layout)} "
                f"(index {result.index})"
            )
        else:
            yield f"{layout.lot_id}: unchanged (version {result.version})"


def contents(layout: Layout) -> str:
    """Return how many spots, cameras and masks a layout has, for a person."""
    counted = [_count(len(layout.spots), "spot"), _count(len(layout.cameras), "camera")]
    if masks := sum(len(camera.masks) for camera in layout.cameras):
        counted.append(_count(masks, "mask"))
    return ", ".join(counted)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _claim(claims: dict[str, Path], file: LayoutFile, key: str, kind: str, name: str) -> None:
    if name in claims:
        raise fault(
            str(file.path),
            key,
            f"{kind} '{name}' is claimed by {claims[name]} too; keep it in one of the files",
        )
    claims[name] = file.path
