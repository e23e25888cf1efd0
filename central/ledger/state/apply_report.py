"""A whole lot's free count from a gate counter or another system."""

import sqlite3

from central.ledger.outcome import Done, Outcome, Refused
from central.ledger.records import LotReport
from central.ledger.state.changes import Changes

OK = "OK"


def report(connection: sqlite3.Connection, changes: Changes, report: LotReport) -> Outcome:
    """Keep the count if the reporter is well; else keep the last good one and mark it stale."""
    known_lot = connection.execute("SELECT 1 FROM lots WHERE lot_id = ?", (report.lot_id,))
    if known_lot.fetchone() is None:
        return Refused(f"lot '{report.lot_id}' is not known: apply its layout first")
    row = connection.execute(
        "SELECT available_spaces, counted_at_us FROM counts WHERE lot_id = ? AND reporter = ?",
        (report.lot_id, report.reporter),
    ).fetchone()
    well = report.status == OK
    if not well and row is None:
        return Refused(
            f"reporter '{report.reporter}' has status '{report.status}' and never gave a good "
            f"count of lot '{report.lot_id}': nothing to keep"
        )
    available, counted_at_us = (report.available_spaces, report.counted_at_us) if well else row
    values = (
        report.lot_id,
        report.reporter,
        available,
        counted_at_us,
        int(not well),
        report.status,
    )
    connection.execute("INSERT OR REPLACE INTO counts VALUES (?, ?, ?, ?, ?, ?)", values)
    changes.add_count(values)
    return Done()
