"""A camera's proposal to draw its regions where they lie now. Event loop only."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Realignment:
    """What a processor needs to make the next layout version.

    plan_id: of the plan whose regions are meant. homography: nine numbers, row by row, from
    fractions of the view on which they are drawn to fractions of the picture now. reference: the
    plan's, made to fit the new regions; empty if the plan had none.
    """

    plan_id: int
    homography: tuple[float, ...]
    reference: bytes = b""


class Proposals:
    """Holds at most one: a newer one replaces it."""

    def __init__(self) -> None:
        self._waiting: Realignment | None = None

    def put(self, proposal: Realignment) -> None:
        """Leave a proposal to be sent."""
        self._waiting = proposal

    def take(self) -> Realignment | None:
        """Take the one that waits, if any."""
        waiting, self._waiting = self._waiting, None
        return waiting
