"""The benchmark of the history really builds what it asks about."""

import json
from pathlib import Path

from benchmarks.history import benchmark


def test_it_writes_its_rows_and_the_table_can_be_verified(tmp_path: Path) -> None:
    file = tmp_path / "history.json"
    directory = tmp_path / "table"
    common = ["--rows", "10000", "--queries", "3", "--keep", str(directory), "--json", str(file)]
    benchmark.main([*common, "--verify"], standalone_mode=False)
    rows = {row["name"]: row for row in json.loads(file.read_text())["rows"]}
    assert rows["changes in the history"]["ours"] == 10_000
    assert rows["a day of a lot of 100 spots: 95 %"]["goal"] == "< 100"
    assert rows["a lot as of an instant: rows"]["ours"] == 100
    assert rows["verifying all of it"]["ours"] > 0
    benchmark.main(common, standalone_mode=False)
    rows = {row["name"]: row for row in json.loads(file.read_text())["rows"]}
    assert "building it" not in rows
