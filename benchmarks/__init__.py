"""Benchmarks: `python -m benchmarks NAME [--json FILE] [--plot FILE.png]`, a module a name.

A benchmark is a module with a click command `benchmark` (options of its own, then
`@report_options`) and a line in `BENCHMARKS`. Never in the wheel.
"""

import models  # noqa: F401 - silences ONNX Runtime before any benchmark imports it

BENCHMARKS: dict[str, tuple[str, str]] = {
    "demo": ("benchmarks.demo", "The main job: frames, CPU, latency, fail-over, agreement."),
    "classifier": (
        "benchmarks.classifier",
        "The spot classifier on one thread, beside another network.",
    ),
    "strips": ("benchmarks.strips", "Strips beside whole frames: bytes and classification."),
    "nudge": ("benchmarks.nudge", "A nudged camera: found, by size; false alarms on real days."),
    "camera": ("benchmarks.camera.cli", "A camera node: cost, lag, faults found, false alarms."),
    "ledger": ("benchmarks.ledger.cli", "The ledger, three replicas, beside etcd."),
    "apply": ("benchmarks.applying", "What applying costs a replica: CPU a record."),
    "history": ("benchmarks.history", "A day out of a year of history, the past, a proof."),
    "day": ("benchmarks.day.cli", "Whole days, rendered and real: is the processor right?"),
    "pipeline": (
        "benchmarks.pipeline.cli",
        "Frames to detections on one core, beside a network a spot and a detector.",
    ),
    "web": ("benchmarks.web.cli", "1,000 live listeners and 500 requests a second on one service."),
    "pages": ("benchmarks.pages", "Each page's first load in a real browser: weight, time to use."),
    "raft": ("benchmarks.raft", "The consensus core alone: three replicas in memory."),
}
"""name -> (module, one line of help). Modules are imported only when they run."""
