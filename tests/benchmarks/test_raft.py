"""The benchmark of the core really commits what it counts."""

import json
from pathlib import Path

from benchmarks.raft import benchmark


def test_it_writes_its_rows(tmp_path: Path) -> None:
    file = tmp_path / "raft.json"
    arguments = ["--proposals", "2000", "--repeat", "1", "--entries", "20000", "--json", str(file)]
    benchmark.main(arguments, standalone_mode=False)
    rows = json.loads(file.read_text())["rows"]
    assert [row["name"] for row in rows][1] == "proposals in batches of 64"
    assert all(row["ours"] > 0 for row in rows)
