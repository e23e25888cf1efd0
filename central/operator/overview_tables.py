"""An overview as tables for a person: lots, reported counts, replicas, nodes."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from central.ledger.records import (
    CameraCondition,
    LedgerState,
    LotCount,
    LotState,
    MemberRole,
    NodeKind,
    NodeStatus,
    Occupancy,
    ReplicaStatus,
)
from central.operator.change_lines import condition_name
from central.operator.lateness import late_us_by_camera
from central.operator.overview import Clock, Overview

KIND_NAMES = {
    NodeKind.CAMERA: "camera node",
    NodeKind.PROCESSOR: "processor",
    NodeKind.REPLICA: "replica",
}

MOST_EARLY_US = 1_000_000
MOST_LATE_US = 60_000_000
MOST_SKEW_US = 1_000_000
"""A replica's clock that is further from ours is not set; it gives the times in the history."""
LEAST_FREE = 1_000_000_000  # bytes

_BACKUP_ROLES = {
    MemberRole.VOTER: Text("backup"),
    MemberRole.LEARNER: Text("learner", style="yellow"),
    MemberRole.NONE: Text("no member", style="yellow"),
}


def overview_tables(overview: Overview, *, now_us: int) -> RenderableType:
    """Return everything to print; `now_us` is the wall clock, microseconds since 1970 UTC."""
    parts: list[RenderableType] = []
    if overview.state is not None:
        parts.append(_lots(overview.state, now_us=now_us))
        if any(lot.cameras for lot in overview.state.lots):
            parts.append(_cameras(overview.state, overview.heard_cameras, now_us=now_us))
    parts.append(_replicas(overview))
    if overview.service is not None:
        parts.append(_nodes(overview, overview.service.nodes, now_us=now_us))
    parts.extend(_cannot_tell(overview))
    return Group(*(Padding(part, (0, 0, 1, 0), expand=False) for part in parts))


def duration(us: int) -> str:
    """Return a span of microseconds as a person says it: 0.4 s, 12 s, 5 min, 3.2 h, 4 d."""
    seconds = max(0, us) / 1_000_000
    for limit, divisor, form in (
        (10, 1, "{:.1f} s"),
        (120, 1, "{:.0f} s"),
        (7200, 60, "{:.0f} min"),
        (172_800, 3600, "{:.1f} h"),
    ):
        if seconds < limit:
            return form.format(seconds / divisor)
    return f"{seconds / 86_400:.0f} d"


def disk_size(size: int) -> str:
    """Return bytes as a person says them, in powers of 1000."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable: GB takes any size")


def _table(title: str, *columns: str, right: Sequence[str] = ()) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", expand=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left")
    return table


def _lots(state: LedgerState, *, now_us: int) -> RenderableType:
    if not state.lots:
        return Text("No lot yet: commit a layout with 'parkledger apply FILE'.")
    table = _table(
        f"Lots (index {state.index})",
        *("lot", "name", "free", "occupied", "unknown", "spots", "layout", "reported free"),
        right=("free", "occupied", "unknown", "spots", "layout"),
    )
    for lot in state.lots:
        table.add_row(*_lot_cells(lot, now_us=now_us))
    return table


def _lot_cells(lot: LotState, *, now_us: int) -> Iterator[Text]:
    unknown = lot.count(Occupancy.UNKNOWN)
    yield Text(lot.lot_id)
    yield Text(lot.name)
    yield Text(str(lot.count(Occupancy.VACANT)), style="bold green")
    yield Text(str(lot.count(Occupancy.OCCUPIED)))
    yield Text(str(unknown), style="yellow" if unknown else "dim")
    yield Text(str(len(lot.spots)))
    yield Text(f"v{lot.layout_version}")
    yield Text("\n").join(_count(count, now_us=now_us) for count in lot.counts)


def _count(count: LotCount, *, now_us: int) -> Text:
    age = duration(now_us - count.counted_at_us)
    text = f"{count.available_spaces} by {count.reporter}, {age} ago"
    if count.stale:
        return Text(f"{text}; STALE: {count.status}", style="yellow")
    return Text(text)


def _cameras(state: LedgerState, heard: frozenset[str] | None, *, now_us: int) -> RenderableType:
    """Return what is the matter with which camera; those that are well are only counted.

    heard: those that the primary has heard of since it took over; None if it cannot be asked.
    """
    cameras = [(lot.lot_id, camera) for lot in state.lots for camera in lot.cameras]
    bad = [one for one in cameras if one[1].condition is not CameraCondition.OK]
    well = [camera.camera_id for _, camera in cameras if camera.condition is CameraCondition.OK]
    doubt = _doubt(well, heard)
    if not bad:
        return Text(f"Every camera {f'was ok{doubt}' if doubt else 'is ok'}.")
    table = _table(
        f"Cameras ({len(well)} of {len(cameras)} ok{doubt})",
        *("lot", "camera", "condition", "for", "detail"),
        right=("for",),
    )
    for lot_id, camera in bad:
        known = camera.condition is not None
        table.add_row(
            lot_id,
            camera.camera_id,
            Text(condition_name(camera.condition), style="yellow" if known else "dim"),
            duration(now_us - camera.since_us) if known else "",
            camera.detail or ("" if known else "nothing was said of it yet"),
        )
    return table


def _doubt(well: Sequence[str], heard: frozenset[str] | None) -> str:
    """Return what is to be added to how many cameras are well, where that may be over."""
    if heard is None:
        return " when last heard of" if well else ""
    known = sum(camera_id in heard for camera_id in well)
    if known == len(well):
        return ""
    return f" when last heard of; this primary has heard of {known} of {len(well)} yet"


def _replicas(overview: Overview) -> Table:
    table = _table(
        "Replicas",
        *("replica", "role", "address", "term", "log", "committed", "applied", "lag"),
        *("snapshot", "disk", "disk free", "clock"),
        right=(
            "term",
            "log",
            "committed",
            "applied",
            "lag",
            "snapshot",
            "disk",
            "disk free",
            "clock",
        ),
    )
    head = max((a.status.last_log_index for a in overview.replicas if a.status), default=0)
    for answer in overview.replicas:
        if answer.status is None:
            name = overview.names.get(answer.address, "?")
            table.add_row(name, Text("no answer", style="red"), answer.address)
        else:
            cells = _replica_cells(answer.address, answer.status, overview, head=head)
            table.add_row(*cells, _clock(answer.clock))
    return table


def _replica_cells(
    address: str, status: ReplicaStatus, overview: Overview, *, head: int
) -> Iterator[Text]:
    yield Text(status.replica_id)
    if status.replica_id == overview.primary_id:
        yield Text("primary", style="bold green")
    else:
        yield _BACKUP_ROLES[status.member_role]
    yield Text(address)
    yield Text(str(status.term))
    yield Text(f"{status.first_log_index}–{status.last_log_index}")
    yield Text(str(status.commit_index))
    yield Text(str(status.applied_index))
    lag = head - status.applied_index
    yield Text(str(lag), style="yellow" if lag > 100 else "")
    yield Text(str(status.snapshot_index or ""))
    yield Text(disk_size(status.disk_bytes))
    free = status.disk_free_bytes
    yield Text("" if free < 0 else disk_size(free), style="yellow" if free < LEAST_FREE else "")


def _clock(clock: Clock | None) -> Text:
    if clock is None:
        return Text("")
    size = abs(clock.ahead_us)
    said = f"{size / 1000:.0f} ms" if size < 1_000_000 else duration(size)
    wrong = clock.surely_us > MOST_SKEW_US
    return Text(f"{'-' if clock.ahead_us < 0 else '+'}{said}", style="yellow" if wrong else "")


def _nodes(overview: Overview, nodes: Sequence[NodeStatus], *, now_us: int) -> RenderableType:
    shown = [node for node in nodes if node.report.kind is not NodeKind.REPLICA]
    if not shown:
        return Text("No camera node and no processor has reported to this primary yet.")
    table = _table(
        "Nodes",
        *("node", "kind", "alive", "heard", "last frame", "late", "frames"),
        *("dropped", "via", "fault"),
        right=("heard", "last frame", "late", "frames", "dropped"),
    )
    late_us = late_us_by_camera(overview.state)
    for node in shown:
        report = node.report
        last = duration(now_us - report.last_frame_at_us) if report.last_frame_at_us else "never"
        table.add_row(
            report.node_id,
            KIND_NAMES[report.kind],
            Text("alive", style="green") if node.alive else Text("silent", style="bold red"),
            f"{duration(node.age_us)} ago",
            last if last == "never" else f"{last} ago",
            _late(late_us.get(report.node_id)),
            str(report.frames),
            str(report.frames_dropped),
            "" if report.reported_by == report.node_id else report.reported_by,
            Text(report.fault, style="yellow"),
        )
    return table


def _late(late_us: int | None) -> Text:
    if late_us is None:
        return Text("")
    # A camera that is ahead, or behind by more than debouncing takes: its clock is not set.
    wrong = not -MOST_EARLY_US <= late_us <= MOST_LATE_US
    sign = "-" if late_us < 0 else ""
    return Text(f"{sign}{duration(abs(late_us))}", style="yellow" if wrong else "")


def _cannot_tell(overview: Overview) -> Iterator[Text]:
    state = overview.state
    if state is None:
        yield Text(f"Cannot tell the lots: {overview.state_fault}", style="red")
    elif overview.state_fault:
        age = "of unknown age" if state.age_us < 0 else f"{duration(state.age_us)} old"
        yield Text(
            f"The lots above are one replica's own view, {age}, not confirmed by a quorum: "
            f"{overview.state_fault}",
            style="yellow",
        )
    if overview.service is None:
        yield Text(f"Cannot tell which nodes are alive: {overview.service_fault}", style="red")
