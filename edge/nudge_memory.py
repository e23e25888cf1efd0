"""PURE: all looks by which one view is recognised: the reference's, and those learnt since.

By night the view looks other than by day. While it can still be recognised by some look, a picture
that resembles all of them only little is kept as one more; so dusk leads from the day's looks to
the night's.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from edge.nudge import Look, Movement, measure
from edge.plan import Polygon
from edge.reference import Grey, Reference

MAX_LEARNT: Final = 6
_FAMILIAR: Final = 0.5  # share of a look's tiles that are found again
_ENOUGH_TILES: Final = 30
_STILL_PX: Final = 4.0  # a moved picture is not learnt from


class NudgeMemory:
    """Looks at one view; the one that recognised the view last is tried first."""

    def __init__(
        self,
        reference: Reference | None,
        *,
        regions: Sequence[Polygon],
        masks: Sequence[Polygon] = (),
    ) -> None:
        """reference: None: the first picture is what later ones are compared with."""
        self._regions = tuple(regions)
        self._masks = tuple(masks)
        known = () if reference is None else reference.looks
        place = None if reference is None else reference.view_to_looks
        self._given = [Look(grey, regions=regions, masks=masks, from_view=place) for grey in known]
        self._learnt: list[Look] = []
        self.abandoned = False
        """Set, from any thread, to make a comparison under way end soon."""

    def compare(self, grey: Grey) -> Movement | None:
        """Return how a picture lies over the view, None if that cannot be told."""
        if not self._given:
            first = Look(grey, regions=self._regions, masks=self._masks)
            if len(first.tiles) >= _ENOUGH_TILES:  # else it is night, or fog: the next one may do
                self._given.append(first)
            return None
        best: Movement | None = None
        # What was learnt last is likeliest to resemble it.
        for look in (*reversed(self._learnt), *self._given):
            found = measure(look, grey, regions=self._regions)
            if self.abandoned:
                return None
            if found is None or (best is not None and found.agreeing <= best.agreeing):
                continue
            best = found
            if found.agreeing >= _FAMILIAR * found.tiles:
                self._prefer(look)
                return found
        if best is not None and best.shift_px < _STILL_PX:
            self._learn(grey, best)
        return best

    def structured(self, grey: Grey) -> bool:
        """Return whether a picture has enough to be recognised by, if it showed the view."""
        most = max((len(look.tiles) for look in (*self._given, *self._learnt)), default=0)
        return len(Look(grey, masks=self._masks).tiles) >= 0.6 * most

    def _prefer(self, look: Look) -> None:
        if look in self._learnt:
            self._learnt.remove(look)
            self._learnt.append(look)
        else:
            self._given.remove(look)
            self._given.insert(0, look)

    def _learn(self, grey: Grey, how: Movement) -> None:
        look = Look(
            grey, regions=self._regions, masks=self._masks, from_view=np.array(how.homography)
        )
        self._learnt = [*self._learnt, look][-MAX_LEARNT:]
