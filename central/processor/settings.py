"""What a processor is told when it starts."""

from dataclasses import dataclass, field
from pathlib import Path

from central.processor.directory import DirectorySettings
from central.processor.evidence import EvidenceSettings
from central.processor.looks import ReuseSettings
from node.address import Address


@dataclass(frozen=True)
class StreamLimits:
    """What one camera's stream may do."""

    credits: int = 2  # frames unacked at any time: one in work, one waiting
    unanswered: int = 32  # frames; a camera that ignores its credits this far is cut off
    max_frame_bytes: int = 8 * 1024 * 1024  # of one JPEG
    hello_seconds: float = 10.0  # within which a stream must say whose it is
    takeover_seconds: float = 5.0  # of silence, after which another process may take the camera
    drain_seconds: float = 2.0  # for frames in work when a stream ends


@dataclass(frozen=True)
class ProcessorSettings:
    """One processor."""

    processor_id: str
    listen: Address
    evidence: EvidenceSettings
    reuse: ReuseSettings = field(default_factory=ReuseSettings)
    picture_port: int = 0  # of lanes, on the host of `listen`; 0: any that is free
    workers: int = 1  # threads that classify
    max_cameras: int = 500  # streams at a time
    silent_after: float | None = None  # seconds; None: from the camera's frame rate
    tick_seconds: float = 0.25  # how often silence is looked for
    metrics: Address | None = None  # where metrics are served; None: nowhere
    record: Path | None = None  # folder in which what cameras send is recorded; None: nowhere
    record_bytes: int = 1_000_000_000  # of each camera at most
    pictures: bool = False  # keep each camera's last picture in memory, for who asks
    flush_seconds: float = 2.0  # for detections not yet committed at shutdown
    limits: StreamLimits = field(default_factory=StreamLimits)
    directory: DirectorySettings = field(default_factory=DirectorySettings)
