"""What every kind of source looks like to the grab thread."""

from typing import Protocol

from edge.frames import Image
from node.errors import OperationError

OPEN_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 10.0


class SourceUnavailable(OperationError):
    """The source cannot be opened, now."""


class Reader(Protocol):
    """An opened source. Used by one thread at a time, but for `interrupt`."""

    @property
    def interval_s(self) -> float:
        """Seconds between frames as the source claims, or a guess."""
        ...

    @property
    def piles_up(self) -> bool:
        """Whether frames gather while it is being opened, which then come all at once."""
        ...

    def grab(self) -> bool:
        """Step to the next frame, blocking until it is there; False at the end or a loss."""
        ...

    def position_us(self) -> int:
        """Time of the grabbed frame by the source's own clock, microseconds; 0 if it has none.

        A file's begins with its first frame.
        """
        ...

    def captured_at_us(self) -> int | None:
        """When the grabbed frame was captured, if known: microseconds since 1970-01-01 UTC."""
        ...

    def retrieve(self) -> Image | None:
        """Return the grabbed frame's picture, None if it is damaged. At most once a grab."""
        ...

    def interrupt(self) -> None:
        """Make a grab that waits return False soon, if it can. From any thread."""
        ...

    def release(self) -> None:
        """Close the source."""
        ...
