"""What applying a command came to."""

from central.ledger.records import Rejected
from node.values import frozen


@frozen
class Appended:
    """Batches were applied, or were there already; `rejected` are those that had no effect."""

    rejected: tuple[Rejected, ...] = ()


@frozen
class LayoutApplied:
    """A layout stands at `version`; `changed` is false where the same one stood already."""

    version: int
    changed: bool


@frozen
class Done:
    """Nothing to tell."""


@frozen
class Refused:
    """The command had no effect. `conflict` marks a version that someone else replaced first."""

    reason: str
    conflict: bool = False


Outcome = Appended | LayoutApplied | Done | Refused | None
"""None for an entry without data, with which a leader begins its term."""
