"""Why a replica could not do what it was asked: the server's side of the error tree."""

from node.errors import OperationError


class NotPrimary(OperationError):
    """Only the primary can do that; `primary_id` is who it is believed to be, or None."""

    def __init__(self, primary_id: str | None) -> None:
        known = f"ask '{primary_id}'" if primary_id else "none is known, try again"
        super().__init__(f"this replica is not the primary: {known}")
        self.primary_id = primary_id


class Diverged(OperationError):
    """This replica's state is not that of the others: it answers nobody any more."""


class NoCopy(OperationError):
    """A copy of the state cannot be made here just now: another replica, or a later try, may do."""


class OutcomeUnknown(OperationError):
    """The primary changed while a proposal was under way: it may or may not be applied."""

    def __init__(self) -> None:
        super().__init__("the primary changed meanwhile: the outcome is unknown, send it again")


def the_operation_error(group: ExceptionGroup[Exception]) -> Exception:
    """Return the first OperationError of a group; all of it if something else is in it, a bug."""
    expected, others = group.split(OperationError)
    if expected is None or others is not None:
        return group
    first: BaseException = expected
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    assert isinstance(first, OperationError)
    return first
