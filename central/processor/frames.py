"""What a camera sends and what it is answered, as values."""

from dataclasses import dataclass
from enum import Enum

from central.ledger.records import CameraReport
from models.strips import Cut


@dataclass(frozen=True)
class Hello:
    """Who is about to stream."""

    camera_id: str
    boot_id: str  # one run of the camera process: 16 hex digits
    frames_per_second: float  # that the camera intends to send; 0: not said
    cuts_strips: bool = False  # it wants to be told its regions
    private: bool = False  # it will never send a whole picture


@dataclass(frozen=True)
class Frame:
    """One compressed picture, or the patches that the camera cut from it."""

    sequence: int  # counts captured frames from 1 within (camera_id, boot_id)
    captured_at_us: int  # the camera's clock: microseconds since 1970-01-01 UTC
    width: int  # of the whole picture, pixels, as stated by the camera
    height: int
    jpeg: bytes  # of the whole picture, or of the patches that `cut` names; empty if there are none
    dropped_total: int = 0  # frames that this boot captured and never sent
    source_position_us: int = -1  # in a file's own time; -1 for live sources
    cut: Cut | None = None  # None: the whole picture

    @property
    def is_compared(self) -> bool:
        """Whether the camera left out what looks as in its last frame."""
        return self.cut is not None


@dataclass(frozen=True)
class CameraWord:
    """What a camera said of its own pictures."""

    report: CameraReport
    number: int  # counts the boot's reports from 1


class Outcome(Enum):
    """What became of a frame; video_stream.proto says what each means."""

    CLASSIFIED = "classified"
    CORRUPT = "corrupt"
    OVERLOADED = "overloaded"
    WRONG_SIZE = "wrong size"
    FAILED = "failed"
    DISTRUSTED = "distrusted"
    STALE_PLAN = "stale plan"


@dataclass(frozen=True)
class Verdict:
    """The answer to one frame; `detail` is one line for a person, empty when all is well.

    doubtful: places of which the camera is to show a better look from now on.
    """

    outcome: Outcome
    detail: str = ""
    doubtful: tuple[int, ...] = ()


CLASSIFIED = Verdict(Outcome.CLASSIFIED)
