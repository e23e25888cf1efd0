"""What the shipped classifier is made of: the one place that training and leave-one-out share."""

from pathlib import Path
from typing import Final

from models.patches import PatchSpec
from models.pool import Portion
from models.rendered_lot import Kind

NAME: Final = "parkledger-spot-classifier"
VERSION: Final = "8"
SPEC: Final = PatchSpec(size=32, margin=0.25, surroundings=1.8)

PORTIONS: Final = (
    Portion("acpds", "acpds", 18_000),
    Portion("acpds", "acpds", 9_000, composed=True),
    Portion("cnrext", "cnrext", 10_000),
    Portion("cnrext", "cnrext", 8_000, composed=True),
    Portion("cnrext", "cnrpark", 5_000, composed=True),
    Portion("cnrpark", "cnrpark", 14_000),
    Portion("pklot", "pklot", 10_000),
    Portion("pklot", "pklot", 9_000, composed=True),
    Portion("pklot", "cnrpark", 7_000, composed=True),
)
"""The pool. CNRPark's pictures show no ground round the spot, so nothing is composed on them."""

SOURCE_SHARES: Final = {"acpds": 0.48, "cnrext": 0.17, "cnrpark": 0.17, "pklot": 0.18}
"""How often a batch draws from each ground; ACPDS is by far the most varied."""

LOTS: Final = {Kind.ORDINARY: 60, Kind.DIM: 28, Kind.BUSY: 30}
"""Lots drawn to learn from, each six times, with some 17 spots a picture."""

RENDERED_SHARE: Final = 0.12
"""Of each batch while polishing, what the ordinary ones make up. From the first batch on they cost
ready-cut pictures a point (CNRPark left out) that no later batch brings back."""

LATE_SHARES: Final = {Kind.ORDINARY: 0.08, Kind.BUSY: 0.08, Kind.DIM: 0.05}
"""Of each of the last batches, what rendered spots make up."""

EDGED_SHARE: Final = 0.35
"""Of the undisturbed patches in each of the last batches, those that are cut at an edge."""

SEED: Final = 1
BATCH: Final = 128
RATE: Final = 0.003
"""Highest learning rate."""

STEPS: Final = 10_000
POLISH: Final = 2_100
"""Batches after those, with undisturbed and rendered patches among them, steadied; as many where a
source is left out."""

LATE: Final = 500
"""Batches at the end, with spots at the picture's edge and all kinds of rendered ones among them;
as many where a source is left out."""

TEACHER_STEPS: Final = 420
TEACHER_POLISH: Final = 180
TEACHER_BATCH: Final = 64
TEACHER_RATE: Final = 0.002
TEACHER_PLAIN: Final = (0.25, 0.5)
"""Share of undisturbed patches in the teacher's batches, before and while polishing."""

TEACHER_WEIGHT: Final = 0.6
"""How much the teacher's opinion of a sample counts; its true state counts the rest."""

LEAVE_ONE_OUT_STEPS: Final = 2500
"""Before polishing."""

LEAVE_ONE_OUT: Final = Path(__file__).parent / "leave_one_out.json"
"""Figures on sources left out, and the calibration that they give."""
