"""Detections into occupancy: exactly once a key, the best view that knows decides.

This is what a busy ledger does all day. It takes batches as they stand in the entry, as lists, for
making an object of each costs as much as applying it.
"""

from typing import Any

from central.ledger.command import CorruptCommandError, StoredBatches
from central.ledger.outcome import Appended, Outcome
from central.ledger.records import CameraCondition, IdempotencyKey, Occupancy, Rejected
from central.ledger.state.apply_cameras import report
from central.ledger.state.changes import Changes
from central.ledger.state.deciding import decide
from central.ledger.state.present import Camera, Present, Session

KEPT_BOOTS = 16
"""Runs of a camera whose last sequence is remembered. A batch of an older run than that would be
applied again; a client holds a batch for seconds, a camera does not start sixteen times in them."""

KEPT_REJECTIONS = 512
"""Batches of a run of which it is remembered that they were rejected, the last ones: as many as our
client has in flight, for whoever was not told sends its batch again and is to be told the same."""

_OCCUPANCIES = frozenset(map(int, Occupancy))
_CONDITIONS = frozenset(map(int, CameraCondition))


def append(present: Present, changes: Changes, command: StoredBatches) -> Outcome:
    """Apply each batch whose key is new. A batch that cannot be applied is rejected for good.

    It is told so again if it is sent again, whatever has changed since.
    """
    rejected: list[Rejected] = []
    recorded = command.edition > 1
    index, committed_at_us = changes.index, changes.committed_at_us
    touched_views, touched_sessions = present.touched_views, present.touched_sessions
    for batch in command.batches:
        camera_id, boot_id, sequence, captured_at_us, layout_version, model, said = (
            batch if len(batch) == 7 else batch[:7]
        )
        camera = present.cameras.get(camera_id) or present.camera(camera_id)
        session = camera.sessions.get(boot_id)
        if session is None:
            session = Session(camera_id, boot_id, sequence, index)
            _begin(present, camera, session)
        elif sequence <= session.sequence:
            if sequence in session.rejected:
                key = IdempotencyKey(camera_id, boot_id, sequence)
                rejected.append(Rejected(key, session.rejected[sequence]))
            continue
        else:
            session.sequence, session.index = sequence, index
            touched_sessions[session] = None
        reason = _refusal(camera, layout_version, said)
        if reason:
            key = IdempotencyKey(camera_id, boot_id, sequence)
            rejected.append(Rejected(key, reason))
            if command.edition > 2:
                _remember(present, session, key, reason)
            continue
        if len(batch) > 7:
            _report(present, changes, camera, batch[7])
        views = camera.views
        for spot_id, occupancy, confidence in said:
            view = views[spot_id]
            view.occupancy = occupancy
            view.confidence = confidence
            view.captured_at_us = captured_at_us
            view.late_us = committed_at_us - captured_at_us
            if recorded:
                view.layout_version, view.model = layout_version, model
            else:
                view.layout_version, view.model = 0, ""
            touched_views[view] = None
            decide(present, changes, view.spot, captured_at_us)
    return Appended(tuple(rejected))


def _begin(present: Present, camera: Camera, session: Session) -> None:
    """Remember a new run, and forget the oldest ones beyond those that are kept."""
    sessions = camera.sessions
    sessions[session.boot_id] = session
    present.touched_sessions[session] = None
    if len(sessions) > KEPT_BOOTS:
        newest = sorted(sessions, key=lambda one: (-sessions[one].index, one))
        for boot_id in newest[KEPT_BOOTS:]:
            gone = sessions.pop(boot_id)
            for sequence in gone.rejected:
                present.touched_rejections.pop((camera.camera_id, boot_id, sequence), None)
            present.touched_sessions.pop(gone, None)
            present.dropped_sessions[camera.camera_id, boot_id] = None


def _remember(present: Present, session: Session, key: IdempotencyKey, reason: str) -> None:
    """Remember a rejection, and forget the oldest one beyond those that are kept."""
    camera_id, boot_id, sequence = key.camera_id, key.boot_id, key.sequence
    session.rejected[sequence] = present.touched_rejections[camera_id, boot_id, sequence] = reason
    if len(session.rejected) > KEPT_REJECTIONS:
        gone = next(iter(session.rejected))  # sequences of a run only rise
        del session.rejected[gone]
        present.touched_rejections[camera_id, boot_id, gone] = None


def _refusal(camera: Camera, layout_version: int, said: list[Any]) -> str | None:
    """Return why a new batch is rejected, before anything of it is applied."""
    if layout_version != camera.layout_version or camera.lot_id is None:
        if camera.lot_id is None:
            return f"camera '{camera.camera_id}' is in no applied layout"
        return (
            f"camera '{camera.camera_id}' was read with layout version {layout_version} of lot "
            f"'{camera.lot_id}', which is at {camera.layout_version}"
        )
    for spot_id, occupancy, _ in said:
        if spot_id not in camera.views:
            return f"camera '{camera.camera_id}' has no region for spot '{spot_id}'"
        if occupancy not in _OCCUPANCIES:
            raise CorruptCommandError(f"an entry says {occupancy!r} of spot '{spot_id}'")
    return None


def _report(present: Present, changes: Changes, camera: Camera, said: list[Any]) -> None:
    condition, since_us, detail = said
    if condition not in _CONDITIONS:
        raise CorruptCommandError(f"an entry says {condition!r} of camera '{camera.camera_id}'")
    report(present, changes, camera, condition, since_us, detail)
