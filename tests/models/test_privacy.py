"""What is classified, and where, is nobody else's business."""

import os
import subprocess
import sys
from pathlib import Path

from tests.test_imports import ROOT


def test_the_runtime_tells_nobody_what_it_runs(tmp_path: Path) -> None:
    """Its telemetry would leave an id of the machine, and a queue of what is to be told."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "CI" and not name.startswith("ORT_")
    }
    subprocess.run(
        [sys.executable, "-c", "from models.classifier import SpotClassifier as C; C.load()"],
        cwd=ROOT,
        env={**kept, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")},
        check=True,
        timeout=120,
    )
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
