"""Which scores are not to be relied on yet."""

from typing import Final

import numpy as np
import numpy.typing as npt

DOUBT: Final = 0.03
"""A score at least so far from 0 and 1 may come to lie on the other side of a threshold (that of
one half, or the evidence filter's) by what a coarse JPEG does to its patch, or a cloud."""


def is_doubtful(scores: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Return which probabilities of occupied another look could still turn; the same shape."""
    return np.asarray((scores >= DOUBT) & (scores <= 1.0 - DOUBT))
