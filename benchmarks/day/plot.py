"""A rendered day in one picture: truth, ours, usual practice; a line a spot, the hours across."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmarks.day.policies import OCCUPIED, UNKNOWN, VACANT, States
from benchmarks.day.scores import DayScores

TAKEN, FREE, NOT_KNOWN, WRONG = "#2b6cb0", "#edf2f7", "#ecc94b", "#e53e3e"


def draw_day(scores: DayScores, states: Mapping[str, States], file: Path) -> None:
    """Write the picture; the format is that of the file's suffix. states: by the panel's title."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    truth = np.where(scores.occupied, OCCUPIED, VACANT)
    panels = {"truth": truth, **states}
    colours = ListedColormap([TAKEN, FREE, NOT_KNOWN, WRONG, "#ffffff"])
    figure, axes = plt.subplots(
        len(panels), 1, figsize=(11, 2.3 * len(panels)), sharex=True, layout="constrained"
    )
    for axis, (title, shown) in zip(axes, panels.items(), strict=True):
        wrong = (shown != truth) & (shown != UNKNOWN)
        cells = np.where(wrong, 3, shown.astype(int) - 1)
        cells = np.where(scores.counted, cells, 4)
        axis.imshow(
            cells.T,
            aspect="auto",
            interpolation="nearest",
            cmap=colours,
            vmin=0,
            vmax=4,
            extent=(scores.hours[0], scores.hours[-1], len(scores.spot_ids), 0),
        )
        axis.set_ylabel("spots")
        axis.set_yticks([])
        axis.set_title(title, loc="left", fontsize=10)
    axes[-1].set_xticks(range(0, 25, 3))
    axes[-1].set_xlabel("hour of the day")
    handles = [
        Patch(facecolor=colour, edgecolor="#a0aec0", label=label)
        for colour, label in (
            (TAKEN, "occupied"),
            (FREE, "vacant"),
            (NOT_KNOWN, "unknown"),
            (WRONG, "wrong"),
        )
    ]
    figure.legend(handles=handles, ncols=4, loc="outside lower right", frameon=False, fontsize=9)
    figure.savefig(file, dpi=110)
    plt.close(figure)
