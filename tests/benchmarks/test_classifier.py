"""The benchmark of the classifier runs what is shipped."""

import json
from pathlib import Path

from benchmarks.classifier import benchmark


def test_it_writes_its_rows(tmp_path: Path) -> None:
    file = tmp_path / "classifier.json"
    benchmark.main(["--repeat", "3", "--json", str(file)], standalone_mode=False)
    classified, cut = json.loads(file.read_text())["rows"]
    assert classified["ours"] > 100
    assert classified["ratio"] is None
    assert cut["unit"] == "ms"
